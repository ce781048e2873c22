import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { createGatewayFolder, type GatewayFolder } from './gateway-folder.ts';
import { makePostgresSchema, postgresUrl, type PostgresSchema } from './postgres-schema.ts';
import { runOnPostgres } from './run-on-postgres.ts';

// Processes are started.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const patience = { timeout: 20_000, interval: 20 };

describe.skipIf(postgresUrl === '')('a start without Redis [postgres]', () => {
  let schema: PostgresSchema;
  let folder: GatewayFolder;
  let internalPort: number;
  let adminPort: number;
  beforeEach(async () => {
    schema = await makePostgresSchema();
    [internalPort = 0, adminPort = 0] = await findFreePorts(2);
    folder = await createGatewayFolder({
      config: {
        internal: { port: internalPort },
        admin: { port: adminPort },
        drain: { delaySeconds: 8, graceSeconds: 5 },
        routes: [{ name: 'web', prefix: '/', upstream: 'http://127.0.0.1:9', audience: 'web', access: 'public' }],
      },
      environment: { DATABASE_URL: schema.url },
    });
  });
  afterEach(async () => {
    folder.remove();
    await schema.drop();
  });

  it('waits for a gateway that has its ports and its database until it has drained', async () => {
    const leaving = await folder.start();
    leaving.signal('SIGTERM');
    await vi.waitFor(async () => expect((await fetch(`${folder.origin}/readyz`)).status).toBe(503), patience);
    const next = await folder.start();
    expect(await leaving.ended).toBe(0);
    expect((await fetch(`${folder.origin}/readyz`)).status).toBe(200);
    await next.stop();
    expect(await next.ended).toBe(0);
  });

  it('names ports that another program has, before it changes anything in the database', async () => {
    const others = [internalPort, adminPort].map((port) => createServer().listen(port, '127.0.0.1'));
    await Promise.all(others.map((other) => once(other, 'listening')));
    const refusal = await folder.start().catch((error: Error) => error.message);
    for (const other of others) other.close();
    expect(refusal).toMatch(/^the gateway ended \(1\)/);
    for (const key of ['internal', 'admin'])
      expect(refusal).toMatch(new RegExp(`${key}\\.port +cannot be used: .*is taken: stop what uses it`));
    expect(refusal).not.toContain('listen.port');
    expect(await countTables()).toBe(0);
  });

  it('names ports that are taken beside what else is wrong, and waits for no database', async () => {
    const other = createServer().listen(adminPort, '127.0.0.1');
    await once(other, 'listening');
    folder.write({ brand: { logo: 'none.svg' } });
    const nowhere = { DATABASE_URL: 'postgres://127.0.0.1:9/nowhere' };
    const refusal = await folder.start(nowhere).catch((error: Error) => error.message);
    other.close();
    expect(refusal).toMatch(/brand\.logo +names a file/);
    expect(refusal).toMatch(/admin\.port +cannot be used: .*is taken/);
    expect(refusal).not.toContain('waited for');
  });

  const countTables = async (): Promise<number> =>
    (await runOnPostgres(schema.url, 'SELECT 1 FROM information_schema.tables WHERE table_schema = current_schema()'))
      .length;
});
