/** Why a tab stands on the signed-out page: the person signed out, did so everywhere, or the session ended elsewhere or by itself. */
export type SignedOutReason = 'signed-out' | 'everywhere' | 'ended';

/** A message before it is signed with the tab that sends it. Says that something happened, never who it happened to. */
export type SessionNews =
  | { readonly kind: 'signed-out'; readonly reason: SignedOutReason }
  /** Another user may be signed in, or the same one with other roles or a stronger sign-in; or until a later time. */
  | { readonly kind: 'signed-in' | 'changed' | 'extended' };

/** What one tab tells the others. */
export type SessionMessage = SessionNews & { readonly tab: string };

const reasons: readonly unknown[] = ['signed-out', 'everywhere', 'ended'] satisfies readonly SignedOutReason[];

/** Reads a message; `undefined` for anything else, because any script of this origin can write to the channel. */
export function parseSessionMessage(value: unknown): SessionMessage | undefined {
  if (typeof value !== 'object' || value === null || !('kind' in value) || !('tab' in value)) return undefined;
  const { kind, tab } = value;
  if (typeof tab !== 'string') return undefined;
  if (kind === 'signed-in' || kind === 'changed' || kind === 'extended') return { kind, tab };
  if (kind !== 'signed-out' || !('reason' in value) || !isReason(value.reason)) return undefined;
  return { kind, reason: value.reason, tab };
}

function isReason(value: unknown): value is SignedOutReason {
  return reasons.includes(value);
}
