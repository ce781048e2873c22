'use client';

export type {
  ApiKeysAnswer,
  CodeMethod,
  ConfirmFactorAnswer,
  ConnectedApp,
  ConnectedAppsAnswer,
  ConnectedSignIn,
  ConnectedProvider,
  ConnectedProvidersAnswer,
  EndedSessionsAnswer,
  FactorMethod,
  FactorsAnswer,
  MadeApiKeyAnswer,
  OfferedProvider,
  OrganizationsAnswer,
  OwnFactor,
  PendingAnswer,
  PendingSignInAnswer,
  ProviderKind,
  ProvidersAnswer,
  ProviderSignInAnswer,
  RecoveryCodesAnswer,
  SentCodeStartAnswer,
  SessionAnswer,
  SessionsAnswer,
  ShownApiKey,
  ShownFactor,
  ShownOrganization,
  ShownSession,
  ShownUser,
  SignedInAnswer,
  SignInAnswer,
  StartFactorAnswer,
  StepUpAnswer,
  StepUpOfferAnswer,
  StepUpProvider,
  TotpStartAnswer,
  Requirement,
  StepUp,
} from '@sallyport/core/browser';
export type { ClientAuth, ClientSignedIn, ClientSignedOut } from '../client-auth.ts';
export { ProblemError, type ProblemDetails, type ProblemField } from '../problem-error.ts';
export { signInUrl } from '../sign-in-url.ts';
export { stepUpUrl } from '../step-up-url.ts';
export { announceSignIn } from './announce-sign-in.ts';
export { authFetch, type AuthFetchInit } from './auth-fetch.ts';
export { continueWithProvider, type ContinueWithProviderOptions } from './continue-with-provider.ts';
export { isFeatureOffered } from './feature-offer.ts';
export { SallyportProvider, type SallyportProviderProps } from './provider.tsx';
export type { SignedOutReason } from './session-message.ts';
export { Show, type ShowProps } from './show.tsx';
export { signOut, type SignOutOptions } from './sign-out.ts';
export type { SessionExpiryState } from './expiry-watch.ts';
export { useAuth, type UseAuth } from './use-auth.ts';
export { switchOrganization } from './switch-organization.ts';
export { useOrganization, type ActiveOrganization } from './use-organization.ts';
export { useDraft, useWaitingDrafts } from './use-draft.ts';
export { useSessionExpiry, type SessionExpiry } from './use-session-expiry.ts';
