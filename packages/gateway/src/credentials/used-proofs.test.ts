import type { Counters, DpopProof } from '@sallyport/core';
import { SallyportError } from '@sallyport/core';
import { describe, expect, it } from 'vitest';
import { createUsedProofs, type UsedProofs } from './used-proofs.ts';

const proof = (jti: string, jkt = 'key'): DpopProof => ({ kind: 'valid', jkt, jti });

describe('used proofs', () => {
  let time = 0;
  const clock = (): number => time;
  const fill = (proofs: UsedProofs, count: number, caller: string): void => {
    for (let index = 0; index < count; index++) void proofs.use(proof(`${caller} ${index}`), caller);
  };

  it('are used once, by their key and id together', () => {
    const proofs = createUsedProofs({ clock, shared: undefined });
    expect([proofs.use(proof('a'), 'x'), proofs.use(proof('a'), 'x'), proofs.use(proof('a', 'other'), 'x')]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('of one caller that sends too many refuse that caller alone, until they are old', () => {
    const proofs = createUsedProofs({ clock, shared: undefined, maxProofs: 10, maxProofsOfCaller: 3 });
    fill(proofs, 3, 'greedy');
    expect(() => proofs.use(proof('one more'), 'greedy')).toThrow(
      expect.objectContaining({ code: 'SP_TOO_MANY_REQUESTS', reason: 'dpop-proofs-of-caller' }),
    );
    expect(proofs.use(proof('b'), 'another')).toBe(true);
    time += 301_000;
    expect(proofs.use(proof('one more'), 'greedy')).toBe(true);
  });

  it('are never forgotten to make room: one that cannot be remembered counts for nothing', () => {
    const proofs = createUsedProofs({ clock, shared: undefined, maxProofs: 4, maxProofsOfCaller: 3 });
    fill(proofs, 3, 'a');
    fill(proofs, 1, 'b');
    expect(() => proofs.use(proof('c'), 'c')).toThrow(expect.objectContaining({ code: 'SP_SERVICE_UNAVAILABLE' }));
    expect(proofs.use(proof('a 0'), 'a')).toBe(false);
  });

  it('are shared by gateways that share counters, and refused by the other one', async () => {
    const shared = { counters: createCounters(), hash: (text: string) => text };
    const [one, other] = [createUsedProofs({ clock, shared }), createUsedProofs({ clock, shared })];
    const uses = await Promise.all([one, other, one, other].map(async (proofs) => proofs.use(proof('a'), 'x')));
    expect(uses.filter(Boolean)).toHaveLength(1);
    expect(await other.use(proof('a'), 'x')).toBe(false);
  });

  it('are refused while the shared counters do not answer', async () => {
    const increment = (): Promise<number> => Promise.reject(new SallyportError('SP_STORE_UNAVAILABLE'));
    const proofs = createUsedProofs({ clock, shared: { counters: { ...createCounters(), increment }, hash: String } });
    await expect(proofs.use(proof('a'), 'x')).rejects.toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
  });
});

function createCounters(): Counters {
  const counts = new Map<string, number>();
  return {
    async increment(key, _windowSeconds, amount = 1) {
      const count = (counts.get(key) ?? 0) + amount;
      counts.set(key, count);
      return count;
    },
    decrement: async () => {},
    read: async () => ({ count: 0, remainingSeconds: 0 }),
    reset: async () => {},
  };
}
