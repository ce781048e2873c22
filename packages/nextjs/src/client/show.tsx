'use client';

import type { Requirement } from '@sallyport/core/browser';
import type { ReactNode } from 'react';
import { useAuth } from './use-auth.ts';

export interface ShowProps {
  /** Which users see the children: signed in, signed out, or those who meet a requirement. */
  readonly when: 'signed-in' | 'signed-out' | Requirement;
  readonly children: ReactNode;
  /** What everybody else sees. @default nothing */
  readonly fallback?: ReactNode;
}

/** Shows its children to some people only. The children are in the browser either way: hide controls here, never data. */
export function Show({ when, children, fallback = null }: ShowProps): ReactNode {
  const caller = useAuth();
  const isShown = typeof when === 'string' ? caller.status === when : caller.has(when);
  return isShown ? children : fallback;
}
