import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent, createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { send, testRoutes } from '@sallyport/server/test-support';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { askWith, openEvents, requestIdOf } from './agent-connections.ts';
import { childrenOf } from './child-processes.ts';
import { createGatewayFolder, type GatewayFolder } from './gateway-folder.ts';
import type { GatewayProcess } from './gateway-process.ts';
import { makeAccount } from './make-account.ts';
import { makePostgresSchema, postgresUrl, type PostgresSchema } from './postgres-schema.ts';
import { runOnPostgres } from './run-on-postgres.ts';
import { signIn as signInAt } from './sign-in.ts';

// Processes are started, and each of them has workers.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const patience = { timeout: 110_000, interval: 50 };
const redisUrl = process.env['TEST_REDIS_URL'] ?? '';
const account = { email: 'ada@example.com', password: 'violet-kettle-marches-north-7' };

/** What the admin listener says of the processes that serve. */
interface Status {
  readonly processes: readonly number[];
}

describe.skipIf(postgresUrl === '' || redisUrl === '')('a gateway with two workers [postgres + redis]', () => {
  const prefix = `test-${randomBytes(9).toString('hex')}:`;
  let upstream: Server;
  let schema: PostgresSchema;
  let folder: GatewayFolder;
  let gateway: GatewayProcess;
  let cookie: string;
  const streams: ServerResponse[] = [];
  beforeAll(async () => {
    upstream = createServer((request, response) => {
      if (request.url !== '/open/events') return response.end('fine');
      streams.push(response);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 0\n\n');
    });
    await once(upstream.listen(0, '127.0.0.1'), 'listening');
    const to = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    schema = await makePostgresSchema();
    const variables = { DATABASE_URL: schema.url, REDIS_URL: redisUrl };
    folder = await createGatewayFolder({
      config: {
        workers: 2,
        redis: { prefix },
        routes: testRoutes(to),
        guessing: { accountFromNetwork: { maxFailures: 4, windowSeconds: 604_800 } },
      },
      environment: variables,
    });
    // A process that gets this signal fails like a program with a bug.
    const fault = join(folder.folder, 'fault.mjs');
    writeFileSync(fault, "process.on('SIGUSR2', () => void Promise.reject(new TypeError('a mistake')));\n");
    await makeAccount(folder, variables, account);
    // As a gateway whose clock was ahead wrote them: a check of the start warns of it.
    await runOnPostgres(schema.url, `UPDATE "sallyportEvent" SET at = now() + interval '1 hour'`);
    gateway = await folder.start({ NODE_OPTIONS: `--import ${fault}` });
    cookie = await signIn(folder);
  });
  afterAll(async () => {
    folder.remove();
    upstream.closeAllConnections();
    upstream.close();
    await schema.drop();
  });

  const status = async (): Promise<Status> =>
    JSON.parse((await send(`${folder.adminOrigin}/status`, 'GET', {})).body) as Status;
  const metrics = async (): Promise<string> => (await send(`${folder.adminOrigin}/metrics`, 'GET', {})).body;
  /** On a connection of its own, so that the workers take turns. */
  const ask = async (path: string): Promise<number> => (await send(folder.origin + path, 'GET', { cookie })).status;
  const linesOf = (message: string) => gateway.lines.filter((line) => line['message'] === message);

  it('serves with both, tells one from the other in its log, and counts them together', async () => {
    expect((await status()).processes).toHaveLength(2);
    for (let turn = 0; turn < 10; turn++) expect(await ask('/api/shop/a')).toBe(200);
    await vi.waitFor(() => {
      expect(new Set(linesOf('request').map((line) => line['worker']))).toEqual(new Set([1, 2]));
    }, patience);
    const page = await metrics();
    expect(page).toMatch(/^sallyport_workers 2$/m);
    expect(page).toMatch(/^sallyport_ready 2$/m);
    expect(page).toMatch(/route="shop",status_class="2xx",decision="forward",code=""\} 10$/m);
    expect(page.match(/^process_resident_memory_bytes /gm)).toHaveLength(1);
  });

  it('explains through either of them', async () => {
    const question = JSON.stringify({ target: '/api/shop/a', headers: [['Cookie', cookie]] });
    const answer = await send(
      `${folder.adminOrigin}/explain`,
      'POST',
      { 'content-type': 'application/json' },
      question,
    );
    expect(JSON.parse(answer.body)).toMatchObject({ decision: 'forward' });
  });

  it('ends a session at both of them', async () => {
    const leaving = await signIn(folder);
    const see = async () => (await send(`${folder.origin}/api/shop/a`, 'GET', { cookie: leaving })).status;
    for (let turn = 0; turn < 4; turn++) expect(await see()).toBe(200);
    const { status: left } = await send(`${folder.origin}/auth/sign-out`, 'POST', {
      cookie: leaving,
      origin: folder.origin,
    });
    expect(left).toBe(204);
    await vi.waitFor(async () => {
      for (let turn = 0; turn < 6; turn++) expect(await see()).toBe(401);
    }, patience);
  });

  it('counts guesses at both of them together', async () => {
    const guess = async (): Promise<number> => {
      const headers = { origin: folder.origin, 'content-type': 'application/json' };
      const body = JSON.stringify({ email: 'unknown@example.com', password: 'not the password of any account' });
      return (await send(`${folder.origin}/auth/sign-in/email`, 'POST', headers, body)).status;
    };
    const seenBefore = linesOf('request').length;
    const statuses: number[] = [];
    for (let count = 0; count < 10; count++) statuses.push(await guess());
    expect(statuses).toEqual([401, 401, 401, 401, 429, 429, 429, 429, 429, 429]);
    await vi.waitFor(() => {
      const guesses = linesOf('request').slice(seenBefore);
      expect(new Set(guesses.map((line) => line['worker']))).toEqual(new Set([1, 2]));
    }, patience);
  });

  it('takes a new configuration at both of them, or at none', async () => {
    const reload = async () => send(`${folder.adminOrigin}/reload`, 'POST', {});
    const routes = testRoutes('http://127.0.0.1:9');
    const [first] = routes;
    folder.write({ routes: first === undefined ? routes : [...routes, { ...first, name: 'twin' }] });
    expect((await reload()).status).toBe(409);
    for (let turn = 0; turn < 4; turn++) expect(await ask('/api/shop/a')).toBe(200);
    folder.write({ routes: routes.filter(({ name: route }) => route !== 'gone') });
    expect(JSON.parse((await reload()).body)).toEqual({
      kind: 'reloaded',
      changed: ['routes'],
      secrets: { kind: 'unchanged' },
    });
    for (let turn = 0; turn < 4; turn++) expect(await ask('/gone')).toBe(404);
    folder.write();
    expect((await reload()).status).toBe(200);
  });

  it('gives a configuration that was reloaded to a worker that was starting meanwhile', async () => {
    const known = new Set((await status()).processes);
    const [victim = 0] = known;
    process.kill(victim, 'SIGKILL');
    await vi.waitFor(() => expect(childrenOf(gateway.pid).some((pid) => !known.has(pid))).toBe(true), patience);
    folder.write({ routes: testRoutes('http://127.0.0.1:9').filter(({ name: route }) => route !== 'gone') });
    expect((await send(`${folder.adminOrigin}/reload`, 'POST', {})).status).toBe(200);
    expect((await status()).processes).toHaveLength(1);
    await vi.waitFor(async () => expect((await status()).processes).toHaveLength(2), patience);
    const asked = async () => Promise.all(Array.from({ length: 10 }, () => ask('/gone')));
    await vi.waitFor(async () => expect(await asked()).toEqual(Array.from({ length: 10 }, () => 404)), patience);
    folder.write();
    expect((await send(`${folder.adminOrigin}/reload`, 'POST', {})).status).toBe(200);
  });

  it.each<NodeJS.Signals>(['SIGKILL', 'SIGUSR2'])(
    'replaces a worker that ends by %s, while the other one serves',
    async (signal) => {
      const [victim = 0, survivor = 0] = (await status()).processes;
      // The other one's connection stays, whatever happens next to it.
      const agent = new Agent({ keepAlive: true });
      process.kill(victim, signal);
      await vi.waitFor(async () => expect((await status()).processes).not.toContain(victim), patience);
      for (let turn = 0; turn < 10; turn++)
        expect(await askWith(agent, `${folder.origin}/api/shop/a`, cookie)).toBe(200);
      agent.destroy();
      await vi.waitFor(async () => expect((await status()).processes).toHaveLength(2), patience);
      expect((await status()).processes).toContain(survivor);
      expect(linesOf('a worker ended, and is replaced').length).toBeGreaterThan(0);
      if (signal === 'SIGUSR2')
        expect(linesOf('a fault of ours: this process ends')).toEqual([
          expect.objectContaining({ kind: 'rejection', cause: 'TypeError: a mistake' }),
        ]);
    },
  );

  it('replaces the first worker when it does not answer a reload in time: it could follow later, alone', async () => {
    const [first = 0, second = 0] = (await status()).processes;
    folder.write({ routes: testRoutes('http://127.0.0.1:9').filter(({ name: route }) => route !== 'gone') });
    process.kill(first, 'SIGSTOP');
    const answer = await send(`${folder.adminOrigin}/reload`, 'POST', {});
    expect(answer.status).toBe(409);
    expect(answer.body).toContain('the worker does not answer');
    await expect.poll(async () => (await status()).processes.includes(first), patience).toBe(false);
    await expect.poll(async () => (await status()).processes.length, patience).toBe(2);
    expect((await status()).processes).toContain(second);
    folder.write();
    expect((await send(`${folder.adminOrigin}/reload`, 'POST', {})).status).toBe(200);
  });

  it('logs what the checks of its stores warn of once, also when a worker was replaced', () => {
    const warnings = gateway.lines.filter(({ event }) => event === 'start-check-warning');
    expect(warnings).toEqual([expect.objectContaining({ check: 'clock of the gateways', worker: 1 })]);
  });

  it('takes only its own streams with it when it is killed', async () => {
    /** A connection that one of the workers serves. */
    const connectionTo = async (worker: number): Promise<Agent> => {
      for (;;) {
        const agent = new Agent({ keepAlive: true, maxSockets: 1 });
        const requestId = await requestIdOf(agent, `${folder.origin}/open/a`);
        const line = await vi.waitFor(() => {
          const found = linesOf('request').find((one) => one['requestId'] === requestId);
          expect(found).toBeDefined();
          return found;
        }, patience);
        if (line?.['worker'] === worker) return agent;
        agent.destroy();
      }
    };
    streams.length = 0;
    const dying = openEvents(await connectionTo(1), `${folder.origin}/open/events`);
    await vi.waitFor(() => expect(dying.text()).toBe('data: 0\n\n'), patience);
    const living = openEvents(await connectionTo(2), `${folder.origin}/open/events`);
    await vi.waitFor(() => expect(living.text()).toBe('data: 0\n\n'), patience);

    const [victim = 0] = (await status()).processes;
    process.kill(victim, 'SIGKILL');
    expect(await dying.end).toBe('cut');
    for (const stream of streams) stream.write('data: 1\n\n');
    await vi.waitFor(() => expect(living.text()).toBe('data: 0\n\ndata: 1\n\n'), patience);
    await vi.waitFor(async () => expect((await status()).processes).toHaveLength(2), patience);
    for (const stream of streams) stream.end('data: 2\n\n');
    expect(await living.end).toBe('whole');
    expect(living.text()).toMatch(/data: 2\n\n$/);
  });

  it('is replaced ever more slowly while it keeps dying, and every time is told', async () => {
    const message = 'a worker ended, and is replaced';
    const known = new Set((await status()).processes);
    const [first = 0, survivor = 0] = known;
    const told = linesOf(message).length;
    process.kill(first, 'SIGKILL');
    // Each of its successors ends before it serves a request.
    for (let count = 0; count < 3; count++) {
      const next = await vi.waitFor(() => {
        const born = childrenOf(gateway.pid).find((pid) => !known.has(pid));
        expect(born).toBeDefined();
        return born ?? 0;
      }, patience);
      known.add(next);
      process.kill(next, 'SIGKILL');
    }
    await vi.waitFor(() => expect(linesOf(message)).toHaveLength(told + 4), patience);
    const ends = linesOf(message).slice(told);
    const pauses = ends.map((line) => Number(line['pauseMilliseconds']));
    expect(pauses).toEqual([...new Set(pauses)].sort((one, other) => one - other));
    expect(new Set(ends.map((line) => `${String(line['level'])} ${String(line['worker'])}`))).toEqual(
      new Set(['error 1']),
    );
    expect((await status()).processes).toContain(survivor);
    expect((await fetch(`${folder.origin}/readyz`)).status).toBe(200);
    await vi.waitFor(async () => expect((await status()).processes).toHaveLength(2), patience);
    expect(Number(/^sallyport_worker_restarts_total (\d+)$/m.exec(await metrics())?.[1])).toBeGreaterThanOrEqual(4);
  });

  it('drains both when it is told to stop', async () => {
    gateway.signal('SIGTERM');
    expect(await gateway.ended).toBe(0);
    await expect(fetch(`${folder.origin}/open`)).rejects.toThrow();
  });
});

const signIn = ({ origin }: GatewayFolder): Promise<string> => signInAt(origin, account);
