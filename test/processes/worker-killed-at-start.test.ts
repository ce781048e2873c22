import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { send, testRoutes } from '@sallyport/server/test-support';
import { describe, expect, it, vi } from 'vitest';
import { createGatewayFolder } from './gateway-folder.ts';
import { makePostgresSchema, postgresUrl } from './postgres-schema.ts';

// Processes are started, and each of them has workers.
vi.setConfig({ testTimeout: 240_000 });

const redisUrl = process.env['TEST_REDIS_URL'] ?? '';

/** The first worker dies as soon as it has said that it serves, which is what the second one waits for. */
const diesEarly = `import cluster from 'node:cluster';
  const send = process.send?.bind(process);
  if (cluster.worker?.id === 1)
    process.send = (message, handle, options, done) =>
      send(message, handle, options, (error) => {
        done?.(error);
        if (message.type === 'listening') process.kill(process.pid, 'SIGKILL');
      });
`;

describe.skipIf(postgresUrl === '' || redisUrl === '')('a gateway that starts two workers [postgres + redis]', () => {
  it('replaces one that is killed while the other one still starts', async () => {
    const schema = await makePostgresSchema();
    const folder = await createGatewayFolder({
      config: { workers: 2, redis: { prefix: `${schema.name}:` }, routes: testRoutes('http://127.0.0.1:9') },
      environment: { DATABASE_URL: schema.url, REDIS_URL: redisUrl },
    });
    const fault = join(folder.folder, 'dies-early.mjs');
    writeFileSync(fault, diesEarly);
    try {
      const started = await folder.start({ NODE_OPTIONS: `--import ${fault}` });
      const serving = async (): Promise<number> => {
        const { body } = await send(`${folder.adminOrigin}/status`, 'GET', {});
        return (JSON.parse(body) as { readonly processes: readonly number[] }).processes.length;
      };
      await vi.waitFor(async () => expect(await serving()).toBe(2), { timeout: 110_000, interval: 50 });
      expect(started.lines.filter((line) => line['event'] === 'worker-ended')).toHaveLength(1);
      await started.stop();
    } finally {
      folder.remove();
      await schema.drop();
    }
  });
});
