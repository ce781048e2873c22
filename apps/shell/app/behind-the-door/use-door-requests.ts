'use client';

import { authFetch, ProblemError } from '@sallyport/nextjs/client';
import { useEffect, useState } from 'react';
import type { DoorRequest } from './door-request.ts';

/** What the page knows of the requests. `absent` means that this door keeps no traces. */
export type DoorRequests =
  | { readonly kind: 'loading' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'loaded'; readonly requests: readonly DoorRequest[]; readonly isStale: boolean };

const intervalMilliseconds = 2_000;

/** Asks the door every two seconds, only while the page is being looked at and not paused. */
export function useDoorRequests(isPaused: boolean): DoorRequests {
  const [state, setState] = useState<DoorRequests>({ kind: 'loading' });
  const isAbsent = state.kind === 'absent';

  useEffect(() => {
    if (isPaused || isAbsent) return;
    const stop = new AbortController();

    async function load(): Promise<void> {
      if (document.visibilityState !== 'visible') return;
      const next = await readRequests(stop.signal);
      if (stop.signal.aborted) return;
      setState((current) => {
        if (next !== undefined) return next;
        return current.kind === 'loaded' ? { ...current, isStale: true } : current;
      });
    }

    void load();
    const timer = setInterval(() => void load(), intervalMilliseconds);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, [isPaused, isAbsent]);

  return state;
}

/** `undefined` when there was no usable answer. */
async function readRequests(signal: AbortSignal): Promise<DoorRequests | undefined> {
  try {
    const response = await authFetch('/behind-the-door/requests', { signal });
    const { requests } = (await response.json()) as { readonly requests: readonly DoorRequest[] };
    return { kind: 'loaded', requests, isStale: false };
  } catch (error) {
    return error instanceof ProblemError && error.status === 404 ? { kind: 'absent' } : undefined;
  }
}
