import { setTimeout as wait } from 'node:timers/promises';
import type { GatewayName } from '../../tools/launch/demo-processes.ts';
import type { RunningSystem } from '../../tools/launch/system.ts';
import type { ServerProcess } from '../../tools/test-servers/server-process.ts';
import type { ChaosProxy } from '@sallyport/testing/faults';

/** What can be broken. */
export interface SoakParts {
  readonly system: RunningSystem;
  readonly redis: ServerProcess;
  readonly postgres: ServerProcess;
  /** The way to PostgreSQL. */
  readonly databaseWay: ChaosProxy;
}

/** Something that goes wrong, and is over when the promise resolves. */
export interface SoakFault {
  readonly name: string;
  readonly happen: (parts: SoakParts) => Promise<void>;
}

const outageMilliseconds = 3000;

/** Everything after which the system must be whole again by itself. */
export const soakFaults: readonly SoakFault[] = [
  ...(['gateway', 'gateway-2'] as const).flatMap((name: GatewayName): readonly SoakFault[] => [
    { name: `${name} killed`, happen: ({ system }) => restartAfter(system.kill(name), () => system.start(name)) },
    { name: `${name} restarted`, happen: ({ system }) => restartAfter(system.stop(name), () => system.start(name)) },
    {
      name: `${name} frozen`,
      happen: ({ system }) => freeze(system.pid(name)),
    },
  ]),
  { name: 'shop killed', happen: ({ system }) => restartAfter(system.kill('shop'), () => system.start('shop')) },
  { name: 'Redis killed', happen: ({ redis }) => restartAfter(redis.kill(), () => redis.restart()) },
  { name: 'Redis frozen', happen: ({ redis }) => freeze(redis.pid) },
  { name: 'PostgreSQL killed', happen: ({ postgres }) => restartAfter(postgres.kill(), () => postgres.restart()) },
  {
    name: 'PostgreSQL out of reach',
    happen: async ({ databaseWay }) => {
      await databaseWay.behave({ kind: 'blackhole' });
      await wait(outageMilliseconds);
      await databaseWay.behave({ kind: 'pass' });
      databaseWay.reset();
    },
  },
  {
    name: 'PostgreSQL slow',
    happen: async ({ databaseWay }) => {
      await databaseWay.behave({ kind: 'latency', milliseconds: 200 });
      await wait(outageMilliseconds);
      await databaseWay.behave({ kind: 'pass' });
    },
  },
  { name: 'connections to PostgreSQL reset', happen: async ({ databaseWay }) => databaseWay.reset() },
];

async function restartAfter(ended: Promise<void>, restart: () => Promise<void>): Promise<void> {
  await ended;
  await restart();
}

async function freeze(pid: number | undefined): Promise<void> {
  if (pid === undefined) return;
  process.kill(pid, 'SIGSTOP');
  await wait(outageMilliseconds);
  process.kill(pid, 'SIGCONT');
}
