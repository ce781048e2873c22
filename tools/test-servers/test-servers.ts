import type { Progress } from '../build/progress.ts';
import { findMongoSource, startMongo } from './mongodb.ts';
import { startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';
import { absentServer, givenServer, type TestServer } from './test-server.ts';

/** Stores that are servers of their own, in the order of the summary. */
export const serverStores = ['postgres', 'mongodb', 'redis'] as const;

export type ServerStore = (typeof serverStores)[number];

const variables: Readonly<Record<ServerStore, string>> = {
  postgres: 'TEST_POSTGRES_URL',
  mongodb: 'TEST_MONGODB_URL',
  redis: 'TEST_REDIS_URL',
};

/** What the tests of a run may use. */
export interface TestServers {
  /** `TEST_POSTGRES_URL`, `TEST_MONGODB_URL` and `TEST_REDIS_URL`, each undefined where there is no such server. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Why there is none. */
  readonly absent: Partial<Readonly<Record<ServerStore, string>>>;
  stop(): Promise<void>;
}

export interface TestServersOptions {
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** No server at all: for a run that needs none. */
export const noTestServers: TestServers = {
  environment: Object.fromEntries(Object.values(variables).map((name) => [name, undefined])),
  absent: {},
  stop: () => Promise.resolve(),
};

/** Starts every store that this machine has, side by side. One that is missing, or does not start, is absent with its reason. */
export async function startTestServers({ progress, signal, environment }: TestServersOptions): Promise<TestServers> {
  const mongoSource = findMongoSource(environment);
  const start: Readonly<Record<ServerStore, () => Promise<TestServer>>> = {
    postgres: () => startPostgres(),
    redis: () => startRedis(),
    mongodb: () => startMongo(mongoSource, signal),
  };
  const labels: Readonly<Record<ServerStore, string>> = {
    postgres: 'Starting PostgreSQL',
    redis: 'Starting Redis',
    mongodb:
      mongoSource.kind === 'ferretdb-to-build' ? 'Building and starting FerretDB (minutes, once)' : 'Starting MongoDB',
  };
  const entries = await Promise.all(
    serverStores.map(async (store) => {
      const given = environment[variables[store]];
      if (given !== undefined && given !== '') return [store, givenServer(given)] as const;
      let server: TestServer = absentServer('not started');
      await progress.step(labels[store], async () => {
        server = await start[store]().catch((error: unknown) =>
          absentServer(error instanceof Error ? error.message : String(error)),
        );
        return server.kind === 'absent' ? server.reason : undefined;
      });
      return [store, server] as const;
    }),
  );
  return {
    environment: Object.fromEntries(
      entries.map(([store, server]) => [variables[store], server.kind === 'running' ? server.url : undefined]),
    ),
    absent: Object.fromEntries(
      entries.flatMap(([store, server]) => (server.kind === 'absent' ? [[store, server.reason]] : [])),
    ),
    async stop() {
      await Promise.all(entries.map(async ([, server]) => (server.kind === 'running' ? server.stop() : undefined)));
    },
  };
}
