import { defineOperation, type KeyRingEntry, type Operation, type OperatorContext } from '@sallyport/core';
import { createSecurityEventLog, kernelEvents, type KernelEvent } from '@sallyport/identity';
import * as z from 'zod';
import type { Stores } from '../open-stores.ts';

type KeyEvent = Extract<KernelEvent, { readonly type: `key.${string}` }>;
type KeyChange<Event extends KeyEvent = KeyEvent> = Event extends unknown ? Pick<Event, 'type' | 'details'> : never;

/** No command changes a shared secret: it is configured, here and at every service. */
const sharedSecretAnswer = { kind: 'shared-secret' } as const;

/** What operators do with the signing keys. Each change is reported before it is made. */
export function createKeyOperations({
  keyRing,
  database,
}: Pick<Stores, 'keyRing'> & { readonly database: Pick<Stores['database'], 'records'> }): readonly Operation[] {
  const report = async (change: KeyChange, context: OperatorContext): Promise<void> => {
    // Type and details come from the same member.
    const event = { ...change, at: new Date(), outcome: 'success', ...context } as KeyEvent;
    await createSecurityEventLog(database.records, kernelEvents).append(event);
  };
  const currentOf = (keys: readonly KeyRingEntry[], use: KeyRingEntry['use']): KeyRingEntry | undefined =>
    keys.find((key) => key.use === use && key.state === 'current');

  return [
    defineOperation({
      name: 'keys/rotate',
      input: z.strictObject({ when: z.enum(['when-known', 'now']) }),
      run: async ({ when }, context) => {
        if (keyRing.sharedSecret !== undefined) return sharedSecretAnswer;
        await report({ type: 'key.rotation-asked', details: { when } }, context);
        const before = await keyRing.list();
        const rotated = await keyRing.rotate('internal', when);
        // Of other uses there are keys where a feature that signs with them is, or was.
        for (const use of ['client', 'oidc', 'logout'] as const)
          if (currentOf(before, use) !== undefined) await keyRing.rotate(use, when);
        const keys = await keyRing.list();
        const next = keys.find(({ use, state }) => use === 'internal' && state === 'next');
        return {
          kind: 'asked',
          rotated,
          current: currentOf(keys, 'internal')?.kid,
          next: next?.kid,
          nextSignsFrom: next?.signFrom,
        };
      },
    }),
    defineOperation({
      name: 'keys/withdraw',
      input: z.strictObject({ kid: z.string().min(1).max(200) }),
      run: async ({ kid }, context) => {
        if (keyRing.sharedSecret !== undefined) return sharedSecretAnswer;
        const known = (await keyRing.list()).find((one) => one.kid === kid);
        if (known === undefined) return { kind: 'unknown-key' };
        await report({ type: 'key.withdrawn', details: { kid, state: known.state } }, context);
        const { key, isAnnounced } = await keyRing.withdraw(kid);
        const current = currentOf(await keyRing.list(), key.use);
        return { kind: 'withdrawn', state: key.state, current: current?.kid, isAnnounced };
      },
    }),
  ];
}
