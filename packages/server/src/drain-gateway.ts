import { setTimeout as wait } from 'node:timers/promises';
import type { Gateway } from './compose.ts';

/**
 * Stops a gateway without a failed request: first it only says that it leaves, and serves on for as long as whatever
 * stands in front needs to notice; then nothing new is taken, and what is in flight ends.
 */
export async function drainGateway(gateway: Gateway): Promise<void> {
  gateway.retire();
  await wait(gateway.config.drain.delaySeconds * 1000);
  await gateway.close();
}
