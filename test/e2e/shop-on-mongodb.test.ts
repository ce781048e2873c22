import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSystem, type RunningSystem } from '../../tools/launch/system.ts';
import { findMongoSource, startMongo } from '../../tools/test-servers/mongodb.ts';
import type { ServerProcess } from '../../tools/test-servers/server-process.ts';

/** FerretDB may still have to be built: `npm test` does that for the whole run, not this file. */
const source = findMongoSource();
const canStart = source.kind !== 'given' && source.kind !== 'ferretdb-to-build' && source.kind !== 'none';

describe.skipIf(!canStart)('an outage of the database under the shop [sqlite + mongodb]', () => {
  let folder: string;
  let mongo: ServerProcess;
  let system: RunningSystem;
  let cookie: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'sallyport-e2e-'));
    const server = await startMongo(source);
    if (server.kind === 'absent' || server.process === undefined) throw new Error('MongoDB does not start');
    mongo = server.process;
    system = await startSystem({
      dataDir: path.join(folder, 'data'),
      only: ['gateway', 'shop'],
      stores: { mongodbUrl: server.url },
    });
    const { email, password } = system.accounts.find(({ roles }) => roles.includes('vendor')) ?? {};
    const answer = await fetch(`${system.url}/auth/sign-in/email`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: system.url },
      body: JSON.stringify({ email, password }),
    });
    cookie = answer.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ');
  });

  afterAll(async () => {
    await system.stop();
    await mongo.stop();
    await rm(folder, { recursive: true });
  });

  async function products(): Promise<{ readonly status: number; readonly code: unknown; readonly cookies: number }> {
    const answer = await fetch(`${system.url}/api/shop/products`, { headers: { cookie } });
    const body = (await answer.json()) as { code?: unknown }; // A page or a problem.
    return { status: answer.status, code: body.code, cookies: answer.headers.getSetCookie().length };
  }

  it.each([
    {
      name: 'hangs',
      fail: async () => void process.kill(mongo.pid, 'SIGSTOP'),
      recover: async () => void process.kill(mongo.pid, 'SIGCONT'),
    },
    { name: 'is killed', fail: async () => mongo.kill(), recover: async () => mongo.restart() },
  ])('is a 503 that leaves the session alone when it $name, and over when it is back', async ({ fail, recover }) => {
    expect(await products()).toMatchObject({ status: 200 });
    await fail();
    expect(await products()).toEqual({ status: 503, code: 'SP_STORE_UNAVAILABLE', cookies: 0 });
    await recover();
    await expect.poll(async () => (await products()).status, { timeout: 20_000 }).toBe(200);
    const log = await readFile(path.join(system.logFolder, 'shop.log'), 'utf8');
    expect(log).not.toContain('mongodb://');
  });
});
