import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SessionStore } from '@sallyport/core';
import { after, makeSessionRecord, sessionStart } from '@sallyport/testing/contracts';
import { createSqliteRecords } from '@sallyport/testing/sqlite-records';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openEmbeddedDatabase } from '../embedded/embedded-database.ts';
import { endedSessionTable } from '../records/ended-session-table.ts';
import { openRedis, type OpenRedisOptions, type Redis } from './open-redis.ts';
import { createRedisBus, type RedisBus } from './redis-bus.ts';
import { createRedisCounters } from './redis-counters.ts';
import { freePort, hasRedisServer, startRedisServer, type RedisServer } from './redis-server.test-support.ts';
import { patientTimeouts, testSealer } from './redis-session-subject.test-support.ts';
import { createRedisSessionStore } from './redis-session-store.ts';

const patience = { timeout: 30_000, interval: 50 };
const event = { kind: 'session', id: 'sid-1', minGeneration: 2, at: new Date(1000), reason: 'signed-out' } as const;

const closing: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(...args: Parameters<typeof startRedisServer>): Promise<RedisServer> {
  const server = await startRedisServer(...args);
  closing.push(() => server.stop());
  return server;
}

interface Parts {
  readonly redis: Redis;
  readonly sessions: SessionStore;
  readonly bus: RedisBus;
}

async function openParts(options: OpenRedisOptions): Promise<Parts> {
  const redis = openRedis({ ...patientTimeouts, ...options });
  const ledger = openEmbeddedDatabase({ file: ':memory:' });
  const bus = createRedisBus({ redis, sealer: testSealer('invalidation-bus') });
  closing.push(() => {
    bus.close();
    redis.close();
    ledger.close();
  });
  await redis.ready(15_000);
  await vi.waitFor(() => expect(bus.isConnected()).toBe(true), patience);
  const records = createSqliteRecords(ledger, [endedSessionTable]);
  const sealer = testSealer('session-record');
  return { redis, bus, sessions: createRedisSessionStore({ redis, records, sealer, now: () => sessionStart }) };
}

/** One of everything that the stores do. */
async function exercise({ redis, sessions, bus }: Parts): Promise<void> {
  const made = Array.from({ length: 20 }, () => makeSessionRecord());
  await Promise.all(made.map((session) => sessions.create(session)));
  const [first = made[0], second] = made;
  if (first === undefined || second === undefined) return;
  expect(await sessions.findByTokenHash([first.tokenHash])).toEqual(first);
  expect(await sessions.change(first.sid, 1, { tokenHash: `${first.tokenHash}-new` })).toMatchObject({
    kind: 'written',
  });
  await sessions.recordActivity(first.sid, after(1), after(601));
  expect(await sessions.revoke(second.sid, 'ada', 'signed-out', after(5))).toBe(true);
  expect(await sessions.listLive('ada', after(6))).toHaveLength(19);
  expect(await sessions.revokeAll('ada', 'banned', after(7))).toHaveLength(19);
  expect(await sessions.deleteExpired(after(4000))).toBe(20);
  const counters = createRedisCounters({ redis });
  expect(await counters.increment('a', 10)).toBe(1);
  expect(await counters.increment('a', 10)).toBe(2);
  await counters.decrement('a');
  expect(await counters.read('a')).toMatchObject({ count: 1 });
  await counters.reset('a');
  const received: string[] = [];
  bus.subscribe((message) => received.push(message.kind));
  await bus.publish(event);
  expect(received).toEqual(['revocation']);
}

describe.skipIf(!hasRedisServer)('Redis with an ACL user [redis]', () => {
  const startGuarded = async (): Promise<RedisServer> => {
    const server = await start();
    await guard(server);
    return server;
  };

  it('needs no more than the documented commands, keys and channels', async () => {
    const { port } = await startGuarded();
    await exercise(await openParts({ url: `redis://sallyport:s3cret-canary@127.0.0.1:${port}` }));
  });

  it('needs no name in the list of clients', async () => {
    const server = await startGuarded();
    await server.cli('ACL', 'SETUSER', 'sallyport', '-client|setname', '-client');
    await exercise(await openParts({ url: `redis://sallyport:s3cret-canary@127.0.0.1:${server.port}` }));
  });

  it('has its name in the list of clients', async () => {
    const server = await startGuarded();
    await exercise(await openParts({ url: `redis://sallyport:s3cret-canary@127.0.0.1:${server.port}` }));
    expect(await server.cli('CLIENT', 'LIST')).toContain(' name=sallyport ');
  });

  it('cannot read keys of others, nor empty the server', async () => {
    const { port } = await startGuarded();
    const { redis } = await openParts({ url: `redis://sallyport:s3cret-canary@127.0.0.1:${port}` });
    const refused = { code: 'SP_STORE_UNAVAILABLE', reason: 'redis-noperm' };
    await expect(redis.command('other:a', ['GET', 'other:a'])).rejects.toMatchObject(refused);
    await expect(redis.command('sallyport:a', ['FLUSHALL'])).rejects.toMatchObject(refused);
    await expect(redis.command('sallyport:a', ['KEYS', '*'])).rejects.toMatchObject(refused);
  });

  it('is an outage with the wrong password, which no error repeats', async () => {
    const { port } = await startGuarded();
    const redis = openRedis({ url: `redis://sallyport:wrong-canary@127.0.0.1:${port}` });
    closing.push(() => redis.close());
    const failure: unknown = await redis.ready(500).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
    expect(JSON.stringify(failure)).not.toContain('canary');
  });
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

describe.skipIf(!hasRedisServer || !hasOpenssl)('Redis over TLS [redis]', () => {
  it('is believed with the right authority, and with no other', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-redis-tls-'));
    closing.push(() => rmSync(folder, { recursive: true }));
    makeCertificates(folder);
    const port = await freePort();
    const file = (name: string): string => join(folder, name);
    const tls = ['--tls-cert-file', file('server.pem'), '--tls-key-file', file('server.key')];
    await start({
      port: await freePort(),
      arguments: ['--tls-port', String(port), ...tls, '--tls-ca-cert-file', file('ca.pem'), '--tls-auth-clients', 'no'],
    });
    const url = `rediss://127.0.0.1:${port}`;
    await exercise(await openParts({ url, ca: readFileSync(file('ca.pem'), 'utf8') }));

    for (const ca of [undefined, readFileSync(file('other.pem'), 'utf8')]) {
      const redis = openRedis({ url, ...(ca === undefined ? {} : { ca }) });
      closing.push(() => redis.close());
      await expect(redis.ready(400)).rejects.toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
    }
  });
});

describe.skipIf(!hasRedisServer)('Redis behind Sentinels [redis]', () => {
  it('is followed to another server, and sign-outs that got lost on the way stay', async () => {
    const master = await start();
    const replica = await start({ arguments: ['--replicaof', `127.0.0.1 ${master.port}`] });
    const sentinels = await Promise.all([1, 2].map(() => startSentinel(master.port)));
    const nodes = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',');
    await vi.waitFor(async () => {
      expect(await replica.cli('INFO', 'replication')).toContain('master_link_status:up');
      for (const sentinel of sentinels) {
        const known = await sentinel.cli('SENTINEL', 'MASTER', 'main');
        expect(known).toMatch(/num-slaves\n1\n/);
        expect(known).toMatch(/num-other-sentinels\n1\n/);
      }
    }, patience);
    for (const server of [master, replica]) await guard(server, '+role');
    const parts = await openParts({ url: `redis+sentinel://sallyport:s3cret-canary@${nodes}/main` });
    const [live, ended] = [makeSessionRecord(), makeSessionRecord()];
    await parts.sessions.create(live);
    await parts.sessions.create(ended);
    await vi.waitFor(async () => expect(await replica.cli('DBSIZE')).toBe(await master.cli('DBSIZE')), patience);
    // The tombstone reaches the server that is about to die, and no other.
    process.kill(replica.pid, 'SIGSTOP');
    expect(await parts.sessions.revoke(ended.sid, 'ada', 'signed-out', after(5))).toBe(true);
    const gaps: string[] = [];
    parts.bus.subscribe(({ kind }) => gaps.push(kind));
    await master.kill();
    process.kill(replica.pid, 'SIGCONT');

    await vi.waitFor(() => parts.sessions.create(makeSessionRecord()), patience);
    expect(await replica.cli('ROLE')).toMatch(/^master/);
    expect(await parts.sessions.findBySid(live.sid)).toEqual(live);
    expect(await parts.sessions.findByTokenHash([ended.tokenHash])).toMatchObject({ revokedBecause: 'signed-out' });
    await vi.waitFor(() => expect(parts.bus.isConnected()).toBe(true), patience);
    expect(gaps).toContain('gap');
    await parts.bus.publish(event);
    expect(gaps.at(-1)).toBe('revocation');
  }, 60_000);
});

describe.skipIf(!hasRedisServer)('Redis as a Cluster [redis]', () => {
  it('does everything that one server does, and goes on when a node fails over', async () => {
    const options = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1500'];
    const servers = await Promise.all(
      // The bus port of a node is its port and 10000.
      Array.from({ length: 4 }, async () => start({ arguments: options, port: await freeClusterPort() })),
    );
    const [first, second, third, spare] = servers;
    if (first === undefined || second === undefined || third === undefined || spare === undefined) return;
    const addresses = [first, second, third].map(({ port }) => `127.0.0.1:${port}`);
    await first.cli('--cluster', 'create', ...addresses, '--cluster-yes');
    const firstId = await first.cli('CLUSTER', 'MYID');
    await first.cli('--cluster', 'add-node', `127.0.0.1:${spare.port}`, `127.0.0.1:${first.port}`);
    // Refused until the node knows the others; repeated afterwards it would begin anew each time.
    await vi.waitFor(async () => expect(await spare.cli('CLUSTER', 'REPLICATE', firstId)).toBe('OK'), patience);
    await vi.waitFor(async () => {
      for (const server of servers) expect(await server.cli('CLUSTER', 'INFO')).toContain('cluster_state:ok');
      expect(await spare.cli('INFO', 'replication')).toContain('master_link_status:up');
    }, patience);
    for (const server of servers) await guard(server, '+cluster|slots', '+asking');
    const parts = await openParts({ url: `redis+cluster://sallyport:s3cret-canary@${addresses.join(',')}` });
    await exercise(parts);

    const sessions = Array.from({ length: 20 }, () => makeSessionRecord({ subject: 'eve' }));
    for (const session of sessions) await parts.sessions.create(session);
    await vi.waitFor(async () => expect(await spare.cli('DBSIZE')).toBe(await first.cli('DBSIZE')), patience);
    await first.kill();
    await vi.waitFor(async () => {
      for (const session of sessions) expect(await parts.sessions.findBySid(session.sid)).toEqual(session);
    }, patience);
    await vi.waitFor(() => expect(parts.bus.isConnected()).toBe(true), patience);
    expect(await parts.sessions.revokeAll('eve', 'banned', after(5))).toHaveLength(20);
    await parts.bus.publish(event);
  }, 90_000);
});

/** Makes the user that deploy/redis/sallyport.acl describes. */
async function guard(server: RedisServer, ...more: readonly string[]): Promise<void> {
  await server.cli('ACL', 'SETUSER', 'sallyport', 'on', '>s3cret-canary', ...readAclRules(), ...more);
}

/** The rules of the minimal user, as operators get them. */
function readAclRules(): readonly string[] {
  const file = readFileSync(new URL('../../../../deploy/redis/sallyport.acl', import.meta.url), 'utf8');
  return file
    .replaceAll(/^#.*$/gm, '')
    .split(/\s+/)
    .filter((rule) => rule !== '');
}

async function startSentinel(masterPort: number): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-sentinel-'));
  closing.push(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'sentinel.conf');
  const lines = [
    `sentinel monitor main 127.0.0.1 ${masterPort} 2`,
    'sentinel down-after-milliseconds main 1000',
    'sentinel failover-timeout main 5000',
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  return start({ configurationFile: file, arguments: ['--sentinel'] });
}

async function freeClusterPort(): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (port + 10_000 <= 65_535) return port;
  }
}

/** An authority, a certificate that it made for loopback, and another authority. */
function makeCertificates(folder: string): void {
  const openssl = (...args: readonly string[]): unknown =>
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  for (const name of ['ca', 'other'])
    openssl('req', '-x509', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=${name}`);
  openssl('req', ...newKey, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=redis');
  writeFileSync(join(folder, 'server.ext'), 'subjectAltName=IP:127.0.0.1\n');
  const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'server.ext'];
  openssl('x509', '-req', '-in', 'server.csr', ...by, '-out', 'server.pem');
}
