'use client';

import { checkRequirement, type Requirement } from '@sallyport/core/browser';
import { use, useMemo } from 'react';
import type { ClientAuth } from '../client-auth.ts';
import { AuthContext } from './auth-context.ts';

/** Who is signed in, for display. What the page may do is decided at the gateway and by the services. */
export type UseAuth = ClientAuth & {
  /** Says whether the person holds one of the roles and all of the permissions, also in the organization. Always false when signed out. */
  readonly has: (requirement: Requirement) => boolean;
};

/**
 * Says who is signed in to this page.
 *
 * @throws Error outside `<SallyportProvider>`.
 */
export function useAuth(): UseAuth {
  const known = use(AuthContext);
  if (known === undefined)
    throw new Error('useAuth() was called outside <SallyportProvider>: put one in the root layout');
  return useMemo(() => ({ ...known, has: (requirement) => meets(known, requirement) }), [known]);
}

function meets(known: ClientAuth, requirement: Requirement): boolean {
  if (known.status === 'signed-out') return false;
  const { roles, permissions, org, orgRoles = [] } = known;
  const organization = org === undefined ? {} : { org, orgRoles };
  return checkRequirement({ kind: 'user', roles, permissions, ...organization }, requirement).kind === 'met';
}
