'use client';

import type { Access, AnyPolicy } from '@sallyport/policy';
import { createContext } from 'react';

/** What the user may do, and with which types anything at all. */
export interface PageAccess {
  readonly access: Access<AnyPolicy>;
  readonly types: ReadonlySet<string>;
}

/** `undefined` outside a provider, which is a mistake and not a user who may do nothing. */
export const AccessContext = createContext<PageAccess | undefined>(undefined);
