import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const pauseMilliseconds = 300;

/** Waits until something listens at each of these origins, or the signal says to stop. */
export async function untilAnswering(origins: readonly string[], stop: AbortSignal): Promise<void> {
  for (const origin of new Set(origins)) {
    while (!stop.aborted && !(await isListening(new URL(origin)))) await sleep(pauseMilliseconds);
  }
}

function isListening({ hostname, port, protocol }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const host = hostname.replaceAll(/^\[|\]$/g, '');
    const socket = connect({ host, port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
