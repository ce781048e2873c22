import { setTimeout as wait } from 'node:timers/promises';
import type { AskGateway } from '../../tools/launch/gateway-client.ts';

/** Requests that go on until they are stopped, as people who are signed in send them. */
export interface Traffic {
  /** How often each status was answered until now; 0 is no answer. */
  readonly counts: ReadonlyMap<number, number>;
  /** Resolves when so many more were answered with success. */
  progress(successes: number): Promise<void>;
  /** Resolves when the last one is answered. */
  stop(): Promise<void>;
}

/** Every session asks for the same path, one request after the other. */
export function startTraffic(ask: AskGateway, path: string, cookies: readonly string[]): Traffic {
  const counts = new Map<number, number>();
  let isStopped = false;
  const run = async (cookie: string): Promise<void> => {
    while (!isStopped) {
      const { status } = await ask(path, { cookie });
      counts.set(status, (counts.get(status) ?? 0) + 1);
      // A gateway that refuses connections answers at once: no browser asks that fast.
      await wait(status === 200 ? 5 : 50);
    }
  };
  const running = cookies.map(run);
  return {
    counts,
    async progress(successes) {
      const wanted = (counts.get(200) ?? 0) + successes;
      while ((counts.get(200) ?? 0) < wanted) await wait(20);
    },
    async stop() {
      isStopped = true;
      await Promise.all(running);
    },
  };
}
