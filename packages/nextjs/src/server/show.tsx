import 'server-only';
import type { Requirement } from '@sallyport/core';
import type { ReactNode } from 'react';
import { auth, type Auth } from './auth.ts';

export interface ShowProps {
  /** Which users see the children: signed in, signed out, those who meet a requirement, or those a predicate accepts. */
  readonly when: 'signed-in' | 'signed-out' | Requirement | ((auth: Auth) => boolean);
  readonly children: ReactNode;
  /** What everybody else sees. @default nothing */
  readonly fallback?: ReactNode;
}

/**
 * Shows its children to some people only. What is hidden is never sent to the browser; even so, the data behind it must be
 * checked where it is read, with `requireAuth()` or at the service.
 */
export async function Show({ when, children, fallback = null }: ShowProps): Promise<ReactNode> {
  return holds(when, await auth()) ? children : fallback;
}

function holds(when: ShowProps['when'], caller: Auth): boolean {
  if (typeof when === 'function') return when(caller);
  if (typeof when === 'string') return caller.status === when;
  return caller.status === 'signed-in' && caller.has(when);
}
