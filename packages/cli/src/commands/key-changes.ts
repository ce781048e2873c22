import type { SecurityEvent } from '@sallyport/core';
import { createSecurityEventLog } from '@sallyport/identity';
import type { System } from '../open-system.ts';

/** What an operator does to the keys. */
type KeyChange<Type extends SecurityEvent['type'] = 'key.rotation-asked' | 'key.withdrawn'> = Type extends unknown
  ? Pick<Extract<SecurityEvent, { readonly type: Type }>, 'type' | 'details'>
  : never;

/** Writes down what an operator is about to do to the keys, before it is done: no change goes unreported. */
export async function reportKeyChange({ stores }: System, change: KeyChange): Promise<void> {
  const where = { at: new Date(), outcome: 'success', requestId: 'operator', address: 'local' } as const;
  // Type and details come from the same member.
  const event = { ...change, ...where } as SecurityEvent;
  await createSecurityEventLog(stores.database.records).append(event);
}

/** When running gateways know of a change of the keys, in words. */
export function noticedWithin({ config, environment }: System): string {
  return environment.redisUrl === undefined ? `within ${Math.ceil(config.keys.cacheSeconds / 10)} s` : 'from now on';
}
