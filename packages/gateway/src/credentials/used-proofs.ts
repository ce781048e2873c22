import { createHash } from 'node:crypto';
import { dpopWindowSeconds, SallyportError, type Counters, type DpopProof } from '@sallyport/core';

/** What remembers proofs of possession, so that each is used once (RFC 9449, section 11.1). */
export interface UsedProofs {
  /**
   * Uses a proof up: `true` for exactly one request, here and, with shared counters, at every gateway. Throws or rejects with
   * `SP_TOO_MANY_REQUESTS` for a caller of more proofs than are kept, with `SP_SERVICE_UNAVAILABLE` when no more can be
   * kept at all, and with `SP_STORE_UNAVAILABLE`: a proof that cannot be remembered counts for nothing.
   */
  use(proof: DpopProof, caller: string): boolean | Promise<boolean>;
}

export interface UsedProofsParts {
  readonly clock: () => number;
  /** Shared by gateways. @default each gateway remembers what it saw itself */
  readonly shared: { readonly counters: Counters; readonly hash: (text: string) => string } | undefined;
  /** @default 200000 */
  readonly maxProofs?: number;
  /** @default 50000, so that no caller keeps the others out by proofs of its own */
  readonly maxProofsOfCaller?: number;
}

/**
 * A proof of the future, that is as far ahead as it may be, is taken until it is as old as it may be; one with a nonce for as
 * long as the nonce, which is five minutes.
 */
const keptSeconds = Math.max(2 * dpopWindowSeconds, 300) + 1;

/** Enough that no two are alike by chance, and no longer: there are many. */
const keyLength = 24;

/** Builds the memory; it lives as long as the gateway. */
export function createUsedProofs(parts: UsedProofsParts): UsedProofs {
  const { clock, shared, maxProofs = 200_000, maxProofsOfCaller = 50_000 } = parts;
  // In the order in which they were used, which is the order in which they may be forgotten.
  const used = new Map<string, { readonly until: number; readonly caller: string }>();
  const ofCaller = new Map<string, number>();

  const forgetOld = (now: number): void => {
    for (const [key, { until, caller }] of used) {
      if (until > now) return;
      used.delete(key);
      const left = (ofCaller.get(caller) ?? 1) - 1;
      if (left === 0) ofCaller.delete(caller);
      else ofCaller.set(caller, left);
    }
  };
  const requireRoom = (caller: string): void => {
    if ((ofCaller.get(caller) ?? 0) >= maxProofsOfCaller)
      throw new SallyportError('SP_TOO_MANY_REQUESTS', { reason: 'dpop-proofs-of-caller', retryAfterSeconds: 1 });
    if (used.size >= maxProofs)
      throw new SallyportError('SP_SERVICE_UNAVAILABLE', { reason: 'dpop-proofs-full', retryAfterSeconds: 1 });
  };

  return {
    use({ jkt, jti }, caller) {
      const now = clock();
      forgetOld(now);
      const key = createHash('sha256').update(`${jkt} ${jti}`).digest('base64url').slice(0, keyLength);
      if (used.has(key)) return false;
      requireRoom(caller);
      used.set(key, { until: now + keptSeconds * 1000, caller });
      ofCaller.set(caller, (ofCaller.get(caller) ?? 0) + 1);
      return shared === undefined ? true : isFirstOfAll(shared, key);
    },
  };
}

async function isFirstOfAll({ counters, hash }: NonNullable<UsedProofsParts['shared']>, key: string): Promise<boolean> {
  return (await counters.increment(`dpop:${hash(key)}`, keptSeconds)) === 1;
}
