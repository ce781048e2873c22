import type { ProviderSignInAnswer } from '@sallyport/core/browser';
import { parseReturnPath } from '../return-path.ts';
import { authFetch } from './auth-fetch.ts';

/** What going to an identity provider is for. */
export interface ContinueWithProviderOptions {
  /** `connect` adds it to the account of the user who is signed in. @default 'sign-in' */
  readonly purpose?: 'sign-in' | 'connect';
  /** Where to come back to; a path that is not safe to return to is left out. @default the home page */
  readonly returnTo?: string;
}

/**
 * Goes to the page of an identity provider, which leads back to the gateway and from there to `returnTo`. For sign-in pages
 * of your own; the providers that there are come from `GET /auth/providers`.
 *
 * @throws ProblemError when the gateway refused: `SP_PROVIDER_UNAVAILABLE`, or, where an account is to be connected,
 *   `SP_STEP_UP_REQUIRED`; TypeError when there was no answer.
 *
 * @example
 * <button onClick={() => continueWithProvider('google', { returnTo: '/orders' })}>Continue with Google</button>
 */
export async function continueWithProvider(
  provider: string,
  { purpose = 'sign-in', returnTo }: ContinueWithProviderOptions = {},
): Promise<void> {
  const path = parseReturnPath(returnTo);
  const response = await authFetch(purpose === 'sign-in' ? '/auth/sign-in/provider' : '/auth/account/providers', {
    method: 'POST',
    json: { provider, ...(path === undefined ? {} : { returnTo: path }) },
  });
  const { location: page } = (await response.json()) as ProviderSignInAnswer; // The gateway checks it against this type.
  location.assign(page);
}
