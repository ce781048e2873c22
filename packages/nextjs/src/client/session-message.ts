/** Why a tab stands on the signed-out page: the person signed out, did so everywhere, or the session ended elsewhere or by itself. */
export type SignedOutReason = 'signed-out' | 'everywhere' | 'ended';

/** What one tab tells the others. Says that something happened, never who it happened to. */
export type SessionMessage =
  | { readonly kind: 'signed-out'; readonly reason: SignedOutReason; readonly tab: string }
  | { readonly kind: 'signed-in'; readonly tab: string };

const reasons: readonly unknown[] = ['signed-out', 'everywhere', 'ended'] satisfies readonly SignedOutReason[];

/** Reads a message; `undefined` for anything else, because any script of this origin can write to the channel. */
export function parseSessionMessage(value: unknown): SessionMessage | undefined {
  if (typeof value !== 'object' || value === null || !('kind' in value) || !('tab' in value)) return undefined;
  const { kind, tab } = value;
  if (typeof tab !== 'string') return undefined;
  if (kind === 'signed-in') return { kind, tab };
  if (kind !== 'signed-out' || !('reason' in value) || !isReason(value.reason)) return undefined;
  return { kind, reason: value.reason, tab };
}

function isReason(value: unknown): value is SignedOutReason {
  return reasons.includes(value);
}
