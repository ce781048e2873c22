'use client';

import { useMemo } from 'react';
import { useAuth } from './use-auth.ts';

/** The organization that is active in the session of this page. */
export interface ActiveOrganization {
  readonly id: string;
  /** The person's roles inside it. */
  readonly roles: readonly string[];
}

/**
 * Says which organization is active, for display; `undefined` where none is, and for a signed-out visitor. It follows a
 * switch in any tab of any application behind this gateway.
 *
 * @throws Error outside `<SallyportProvider>`.
 * @example
 * const organization = useOrganization();
 * if (organization === undefined) return <a href="/auth/my/organizations">Choose an organization</a>;
 */
export function useOrganization(): ActiveOrganization | undefined {
  const caller = useAuth();
  const { org, orgRoles } = caller.status === 'signed-in' ? caller : {};
  return useMemo(() => (org === undefined ? undefined : { id: org, roles: orgRoles ?? [] }), [org, orgRoles]);
}
