import { exitCodes, UsageError } from '@sallyport/core';
import { createSecurityEventLog, kernelEvents, operatorContext, type KernelEvent } from '@sallyport/identity';
import type { System } from '../open-system.ts';

/** What an operator does to the keys. */
type KeyEvent = Extract<KernelEvent, { readonly type: `key.${string}` }>;
type KeyChange<Event extends KeyEvent = KeyEvent> = Event extends unknown ? Pick<Event, 'type' | 'details'> : never;

/** Writes down what an operator is about to do to the keys, before it is done: no change goes unreported. */
export async function reportKeyChange({ stores }: System, change: KeyChange): Promise<void> {
  const where = { at: new Date(), outcome: 'success', ...operatorContext } as const;
  // Type and details come from the same member.
  const event = { ...change, ...where } as KeyEvent;
  await createSecurityEventLog(stores.database.records, kernelEvents).append(event);
}

/** When running gateways know of a change of the keys, in words. */
export function noticedWithin({ config, environment }: System): string {
  return environment.redisUrl === undefined ? `within ${Math.ceil(config.keys.cacheSeconds / 10)} s` : 'from now on';
}

/**
 * Refuses where a shared secret signs: a command cannot give services another one.
 *
 * @throws UsageError that says how it is done.
 */
export function requireKeyPairs({ stores }: System): void {
  if (stores.keyRing.sharedSecret === undefined) return;
  throw new UsageError(
    'Tokens are signed with a shared secret, which no command changes: give SALLYPORT_TOKEN_SECRET another value here and at ' +
      'every service. "new,old" accepts both and signs with the first; when the old one may be known to others, the new ' +
      'one alone. docs/operations/keys.md says in which order.',
    exitCodes.refused,
  );
}
