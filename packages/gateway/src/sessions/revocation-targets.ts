import type { Principal, RevocationTarget } from '@sallyport/core';

/** What always ends a caller, whatever its credential is: its user or service, its session, its client. */
export function targetsOf({ id, sid, clientId }: Principal): readonly RevocationTarget[] {
  return [
    { kind: 'user', id },
    ...(sid === undefined ? [] : [{ kind: 'session', id: sid } as const]),
    ...(clientId === undefined ? [] : [{ kind: 'client', id: clientId } as const]),
  ];
}
