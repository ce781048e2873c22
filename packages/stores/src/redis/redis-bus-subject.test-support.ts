import type { RevocationEvent } from '@sallyport/core';
import { openRedis } from './open-redis.ts';
import { createRedisBus } from './redis-bus.ts';
import { patientTimeouts, testSealer } from './redis-session-subject.test-support.ts';

/** Opens a bus, for a process that a test started, and remembers when it received which event. */
export async function openSubject(argument: string) {
  const { url, prefix } = JSON.parse(argument) as { url: string; prefix: string }; // Written by the test.
  const redis = openRedis({ url, prefix, ...patientTimeouts });
  const bus = createRedisBus({ redis, sealer: testSealer('invalidation-bus') });
  const received: { readonly id: string; readonly at: number }[] = [];
  let gaps = 0;
  bus.subscribe((message) => {
    if (message.kind === 'gap') gaps += 1;
    else received.push({ id: message.event.id, at: Date.now() });
  });
  while (!bus.isConnected()) await new Promise((resolve) => setTimeout(resolve, 10));
  return {
    publish: (event: Omit<RevocationEvent, 'seq'>) => bus.publish(event),
    received: async () => received,
    gaps: async () => gaps,
  };
}
