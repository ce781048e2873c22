import 'server-only';

export type { Actor, AssuranceLevel, BrandDocument, Requirement } from '@sallyport/core';
export { ProviderTokenError, SallyportError, type ProviderToken, type ProviderTokenErrorKind } from '@sallyport/core';
export type { ClientAuth, ClientSignedIn, ClientSignedOut } from '../client-auth.ts';
export { ProblemError, readProblem, type ProblemDetails, type ProblemField } from '../problem-error.ts';
export { signInUrl } from '../sign-in-url.ts';
export { auth, type Auth, type SignedInAuth, type SignedOutAuth } from './auth.ts';
export { brand } from './brand.ts';
export { clientAuth } from './client-auth.ts';
export { SallyportConfigurationError } from './configuration-error.ts';
export { fetchApi, type FetchApiInit } from './fetch-api.ts';
export { fetchProviderToken, type FetchProviderTokenInit } from './fetch-provider-token.ts';
export { requestNonce } from './request-nonce.ts';
export { requireAuth, type RequireAuthOptions } from './require-auth.ts';
export { Show, type ShowProps } from './show.tsx';
