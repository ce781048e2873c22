import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { silentLogger } from '@sallyport/core';
import { parseConfig, readEnvironment, startGateway, type ConfigInput, type Gateway } from '@sallyport/server';
import { createTestPreset } from '@sallyport/server/test-support';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { makePostgresSchema } from './postgres-schema.ts';

/** Which gateway of the two. */
export type PairIndex = 0 | 1;

/** Two gateways of this process on one PostgreSQL and one Redis, with the test accounts. */
export interface GatewayPair {
  /** Those that run, by their index. */
  readonly gateways: readonly Gateway[];
  /** Starts one of them with the versions of a root secret, in place of the one that ran there, on a port of its own. */
  start(index: PairIndex, secret: string): Promise<void>;
  originOf(index: PairIndex): string;
  close(): Promise<void>;
}

/** Makes what the gateways share. None is started yet. */
export async function makeGatewayPair(redisUrl: string, change: Partial<ConfigInput> = {}): Promise<GatewayPair> {
  const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-pair-'));
  const schema = await makePostgresSchema();
  const gateways: Gateway[] = [];
  return {
    gateways,
    start: async (index, secret) => {
      await gateways[index]?.close();
      const [port = 0] = await findFreePorts(1);
      const environment = readEnvironment({
        PORT: String(port),
        SALLYPORT_DATA_DIR: path.join(folder, String(index)),
        SALLYPORT_SECRET: secret,
        DATABASE_URL: schema.url,
        REDIS_URL: redisUrl,
      });
      const preset = createTestPreset();
      const input = { ...preset.configure(environment), redis: { prefix: `${schema.name}:` }, ...change };
      gateways[index] = await startGateway({
        config: parseConfig(input, 'test'),
        preset,
        environment,
        logger: silentLogger,
      });
    },
    originOf: (index) => `http://localhost:${gateways[index]?.port ?? 0}`,
    close: async () => {
      for (const gateway of gateways) await gateway.close();
      await schema.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
