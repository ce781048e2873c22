import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Config, ConfigInput } from '../config/config-schema.ts';
import { parseConfig } from '../config/parse-config.ts';
import { testPolicy } from '../test-support/test-preset.ts';
import { send, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';
import { testRoutes } from '../test-support/test-routes.ts';
import { compareConfigs } from './compare-configs.ts';
import { readConfigAnew } from './read-config-anew.ts';
import type { ReloadOutcome } from './reloader.ts';

const nowhere = 'http://127.0.0.1:9';
/** What a reload says of secrets that are as they were. */
const secrets = { kind: 'unchanged' };
const base = {
  publicUrl: 'http://localhost:3000',
  policy: testPolicy,
  routes: testRoutes(nowhere),
} satisfies ConfigInput;

describe('what may change while the gateway runs', () => {
  const parse = (change: Partial<ConfigInput>): Config => parseConfig({ ...base, ...change }, 'test');

  it.each<{ name: string; change: Partial<ConfigInput>; changed: string[] }>([
    { name: 'routes', change: { routes: base.routes.slice(1) }, changed: ['routes'] },
    { name: 'hosts', change: { hosts: ['other.test'] }, changed: ['hosts'] },
    {
      name: 'the hosts of the internal listener',
      change: { internal: { hosts: ['gateway:9400'] } },
      changed: ['internal.hosts'],
    },
    {
      name: 'proxies and the log',
      change: { trustedProxies: ['10.0.0.0/8'], log: { access: false } },
      changed: ['log', 'trustedProxies'],
    },
    { name: 'how it drains', change: { drain: { graceSeconds: 3 } }, changed: ['drain'] },
    {
      name: 'what roles permit, and which permissions there are',
      change: {
        policy: {
          permissions: { ...testPolicy.permissions, 'a:b': 'A' },
          roles: { ...testPolicy.roles, user: ['a:b'] },
        },
      },
      changed: ['policy.permissions', 'policy.roles'],
    },
    { name: 'nothing', change: {}, changed: [] },
  ])('is $name', ({ change, changed }) => {
    expect(compareConfigs(parse({}), parse(change))).toEqual({ changed, fixed: [] });
  });

  it.each<{ name: string; change: Partial<ConfigInput>; fixed: string[] }>([
    { name: 'the public address', change: { publicUrl: 'http://localhost:3001' }, fixed: ['publicUrl'] },
    { name: 'a listener', change: { listen: { port: 1 } }, fixed: ['listen'] },
    { name: 'the port of the internal listener', change: { internal: { port: 1 } }, fixed: ['internal.port'] },
    { name: 'the data folder', change: { dataDir: '/elsewhere' }, fixed: ['dataDir'] },
    { name: 'lifetimes of sessions', change: { session: { idleSeconds: 60 } }, fixed: ['session'] },
    { name: 'an admin listener', change: { admin: { port: 0 } }, fixed: ['admin'] },
    {
      name: 'who has the last word on roles',
      change: { policy: { ...testPolicy, source: 'file' } },
      fixed: ['policy.source'],
    },
    { name: 'the number of workers', change: { workers: 'auto' }, fixed: ['workers'] },
  ])('is not $name', ({ change, fixed }) => {
    expect(compareConfigs(parse({}), parse(change))).toEqual({ changed: [], fixed });
  });
});

describe('a configuration file that is read again', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-config-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  it('is as it stands on the disk, and so is what it imports', async () => {
    const file = write('a.config.ts', "import { name } from './part.ts';\nexport default { name: name as string };\n");
    write('part.ts', "export const name = 'one';\n");
    expect(await readConfigAnew(file)).toEqual({ name: 'one' });
    write('part.ts', "export const name = 'two';\n");
    expect(await readConfigAnew(file)).toEqual({ name: 'two' });
  });

  it.each([
    { name: 'is no program', text: 'export default {', says: /cannot be loaded/ },
    { name: 'throws', text: "throw new Error('no luck');", says: /no luck/ },
    { name: 'has no default export', text: 'export const a = 1;', says: /default export/ },
    { name: 'ends the process', text: 'process.exit(0);', says: /did not come to an end/ },
    { name: 'holds more than data', text: 'export default { a: () => 1 };', says: /cannot be loaded/ },
  ])('is refused when it $name', async ({ text, says }) => {
    await expect(readConfigAnew(write('b.config.ts', text))).rejects.toThrow(says);
  });
});

describe('a gateway whose configuration changes', () => {
  let test: TestGateway;
  let first: Config;
  let next: () => Promise<Config>;
  let slow: ReturnType<typeof createServer>;
  let to: string;
  const held: (() => void)[] = [];
  beforeAll(async () => {
    slow = createServer((request, response) => {
      if (request.url?.endsWith('/slow') === true) held.push(() => response.end('at last'));
      else response.end('second');
    });
    await once(slow.listen(0, '127.0.0.1'), 'listening');
    to = `http://127.0.0.1:${(slow.address() as AddressInfo).port}`;
    test = await startTestGateway({
      config: {
        routes: [
          { name: 'slow', prefix: '/slow', upstream: to, audience: 'slow', access: 'optional' },
          ...testRoutes(nowhere),
        ],
      },
      gateway: { loadAnew: () => next() },
    });
    first = test.gateway.config;
  });
  afterAll(async () => {
    await test.close();
    slow.close();
  });
  beforeEach(() => {
    next = () => Promise.resolve(first);
  });

  const reload = async (): Promise<{ status: number; outcome: ReloadOutcome }> => {
    const answer = await send(`${test.adminOrigin}/reload`, 'POST', {});
    return { status: answer.status, outcome: JSON.parse(answer.body) as ReloadOutcome };
  };
  const withRoutes = (routes: ConfigInput['routes']): Config => ({
    ...first,
    routes: parseConfig({ ...base, routes }, 'test').routes,
  });

  it('uses other routes for new requests, lets those in flight end, and signs no user out', async () => {
    const cookie = await test.signIn();
    const inFlight = test.get('/slow/slow', { cookie });
    await vi.waitFor(() => expect(held).toHaveLength(1));
    expect((await test.get('/more', { cookie })).status).toBe(404);
    next = () =>
      Promise.resolve(
        withRoutes([{ name: 'more', prefix: '/more', upstream: to, audience: 'more', access: 'signed-in' }]),
      );
    expect(await reload()).toEqual({ status: 200, outcome: { kind: 'reloaded', changed: ['routes'], secrets } });

    expect(await (await test.get('/more', { cookie })).text()).toBe('second');
    expect((await test.get('/slow/a', { cookie })).status).toBe(404);
    held[0]?.();
    expect(await (await inFlight).text()).toBe('at last');
    expect((await test.get('/auth/session', { cookie })).status).toBe(200);
    next = () => Promise.resolve(first);
    expect((await reload()).outcome.kind).toBe('reloaded');
    expect(await reload()).toEqual({ status: 200, outcome: { kind: 'unchanged', secrets } });
  });

  it('explains by the routes that are in use', async () => {
    const question = JSON.stringify({ target: '/new' });
    const ask = () => send(`${test.adminOrigin}/explain`, 'POST', { 'content-type': 'application/json' }, question);
    expect((await ask()).body).toContain('SP_NOT_FOUND');
    next = () =>
      Promise.resolve(withRoutes([{ name: 'new', prefix: '/new', upstream: to, audience: 'new', access: 'public' }]));
    await reload();
    expect((await ask()).body).toContain('"decision":"forward"');
    next = () => Promise.resolve(first);
    await reload();
  });

  it.each<{ name: string; load: () => Config | Promise<Config>; says: RegExp }>([
    {
      name: 'needs another start',
      load: () => ({ ...first, publicUrl: 'http://localhost:1', session: { ...first.session, idleSeconds: 1 } }),
      says: /publicUrl.*cannot change.*session/s,
    },
    { name: 'is not a configuration', load: () => parseConfig({ ...base, rotues: [] }, 'test'), says: /rotues/ },
    {
      name: 'has routes that tie',
      load: () =>
        withRoutes([
          ...testRoutes(to),
          { name: 'twin', prefix: '/open', upstream: to, audience: 'twin', access: 'public' },
        ]),
      says: /tie on \/open/,
    },
    { name: 'names a host that is none', load: () => ({ ...first, hosts: ['no host'] }), says: /must be a host/ },
    { name: 'cannot be read', load: () => Promise.reject(new Error('gone')), says: /gone/ },
  ])('keeps the one it has when the new one $name, and says so', async ({ load, says }) => {
    next = async () => load();
    const { status, outcome } = await reload();
    expect(status).toBe(409);
    expect(outcome.kind).toBe('refused');
    expect(JSON.stringify(outcome)).toMatch(says);
    expect(JSON.parse((await send(`${test.adminOrigin}/status`, 'GET', {})).body)).toMatchObject({
      configuration: { refused: { problems: (outcome as { problems: unknown }).problems } },
    });
    expect(await (await test.get('/readyz')).json()).toEqual({
      status: 'ok',
      warnings: ['configuration-not-reloaded'],
    });
    expect(test.lines).toContainEqual(
      expect.objectContaining({ level: 'error', message: 'the new configuration is not used: the one before stays' }),
    );
    expect(await (await test.get('/slow/a')).text()).toBe('second');

    next = () => Promise.resolve(first);
    expect((await reload()).outcome.kind).toBe('unchanged');
    expect(await (await test.get('/readyz')).json()).toEqual({ status: 'ok' });
  });
});

describe('the policy of a gateway that runs', () => {
  const vendorWith = (permissions: readonly string[]) => ({
    ...testPolicy.roles,
    vendor: [...testPolicy.roles.vendor, ...permissions],
  });
  const permissionOf = 'note:write';
  const permissions = { ...testPolicy.permissions, [permissionOf]: 'Write notes' };
  let notes: ReturnType<typeof createServer>;
  beforeAll(async () => {
    notes = createServer((request, response) => void request.resume().on('end', () => response.end('a note')));
    await once(notes.listen(0, '127.0.0.1'), 'listening');
  });
  afterAll(() => notes.close());

  async function start(source: 'database' | 'file') {
    const loaded: { config?: Config } = {};
    const upstream = `http://127.0.0.1:${(notes.address() as AddressInfo).port}`;
    const access = { permissions: [permissionOf] };
    const routes = [...base.routes, { name: 'notes', prefix: '/notes', upstream, audience: 'notes', access }];
    const test = await startTestGateway({
      config: { policy: { ...testPolicy, permissions, source }, routes },
      gateway: { loadAnew: async () => loaded.config ?? test.gateway.config },
    });
    return {
      test,
      statusOf: async (cookie: string) => {
        const answer = await test.get('/notes', { cookie });
        await answer.body?.cancel();
        return answer.status;
      },
      reload: async (roles: Config['policy']['roles']): Promise<ReloadOutcome> => {
        const { config } = test.gateway;
        loaded.config = { ...config, policy: { ...config.policy, roles } };
        const answer = await send(`${test.adminOrigin}/reload`, 'POST', {});
        return JSON.parse(answer.body) as ReloadOutcome;
      },
    };
  }

  it('is refused with the difference and what to do until "roles apply" has stored it, and used then', async () => {
    const { test, reload, statusOf } = await start('database');
    const cookie = await test.signIn('vendor');
    const roles = { ...vendorWith([permissionOf]), clerk: [] };
    expect(await reload(roles)).toMatchObject({
      kind: 'refused',
      problems: [
        {
          key: 'policy',
          problem: expect.stringMatching(
            /differs.*\+ role clerk: no permissions.*~ role vendor: \+note:write.*"sallyport roles apply"/,
          ) as string,
        },
      ],
    });
    expect(await statusOf(cookie)).toBe(403);
    const operator = { actor: 'operator:ada', requestId: 'operator', address: 'local' };
    await test.gateway.control.operate('roles/apply', { policy: { permissions, roles }, how: 'carry-over' }, operator);
    expect(await statusOf(cookie)).toBe(200);
    expect(await reload(roles)).toMatchObject({ kind: 'reloaded', changed: ['policy.roles'] });
    await test.close();
  });

  it('is stored and followed at once where the file has the last word', async () => {
    const { test, reload, statusOf } = await start('file');
    const cookie = await test.signIn('vendor');
    expect(await statusOf(cookie)).toBe(403);
    expect(await reload(vendorWith([permissionOf]))).toMatchObject({ kind: 'reloaded', changed: ['policy.roles'] });
    expect(await statusOf(cookie)).toBe(200);
    expect(await reload(testPolicy.roles)).toMatchObject({ kind: 'reloaded' });
    expect(await statusOf(cookie)).toBe(403);
    await test.close();
  });

  it('is left as it was when no account would manage the others', async () => {
    const { test, reload, statusOf } = await start('file');
    const cookie = await test.signIn('vendor');
    const outcome = await reload({ ...vendorWith([permissionOf]), admin: [] });
    expect(outcome).toMatchObject({ kind: 'refused' });
    expect(JSON.stringify(outcome)).toMatch(/no account that holds/);
    expect(await statusOf(cookie)).toBe(403);
    await test.close();
  });
});
