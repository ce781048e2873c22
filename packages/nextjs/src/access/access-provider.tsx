'use client';

import { unpackAccess, type PackedAccess } from '@sallyport/policy';
import { useMemo, type ReactNode } from 'react';
import { AccessContext, type PageAccess } from './access-context.ts';

export interface AccessProviderProps {
  /** `clientAccess(policy, await auth())`, from the root layout. */
  readonly access: PackedAccess;
  readonly children: ReactNode;
}

/**
 * Tells the client components of a page what its user may do, by the rules that the services enforce. Inside
 * `<SallyportProvider>`, which asks the server for its data again when roles change, it follows them within a second.
 *
 * @throws OptionsError where another version of this package packed it.
 */
export function AccessProvider({ access, children }: AccessProviderProps): ReactNode {
  const known = useMemo(() => toPageAccess(access), [access]);
  return <AccessContext value={known}>{children}</AccessContext>;
}

function toPageAccess(packed: PackedAccess): PageAccess {
  const access = unpackAccess(packed);
  const own = Object.entries(packed.types).filter(([, { rules }]) => rules.length > 0);
  return { access, types: new Set(own.map(([name]) => name)) };
}
