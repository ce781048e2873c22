import 'server-only';
import type { Requirement } from '@sallyport/core';
import { forbidden, redirect } from 'next/navigation.js';
import { signInUrl } from '../sign-in-url.ts';
import { auth, type SignedInAuth } from './auth.ts';
import { returnPathOf } from './return-path-of.ts';

export interface RequireAuthOptions {
  /** Where to go after signing in: a path of this origin. @default the address of this request, as the gateway reports it */
  readonly returnTo?: string;
}

/**
 * Demands a signed-in person, and what else is required of them. Call it where data is read: page, route handler, action.
 *
 * Signed out: redirects to the sign-in page, and back here afterwards. Requirement not met: Next's `forbidden()`, which
 * answers 403 with `app/forbidden.tsx` (`withZone` turns it on; without it the call still throws, so nothing is shown).
 * Both work by throwing: do not call it inside a `try`.
 *
 * @throws what `auth()` throws.
 */
export async function requireAuth(requirement?: Requirement, options: RequireAuthOptions = {}): Promise<SignedInAuth> {
  const caller = await auth();
  if (caller.status === 'signed-out') redirect(signInUrl(await returnPathOf('requireAuth', options.returnTo)));
  if (requirement !== undefined && !caller.has(requirement)) forbidden();
  return caller;
}
