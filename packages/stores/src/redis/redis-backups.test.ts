import { readdirSync, readFileSync } from 'node:fs';
import { after, makeSessionRecord } from '@sallyport/testing/contracts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  closeAfterwards,
  closeOpened,
  expectRecovery,
  openBus,
  openParts,
  patience,
} from './redis-faults.test-support.ts';
import { hasRedisServer, startRedisServer } from './redis-server.test-support.ts';

afterEach(closeOpened);

describe.skipIf(!hasRedisServer)('a Redis from yesterday [redis]', () => {
  it('brings no ended session back to life, however it ended', async () => {
    const server = await startRedisServer();
    closeAfterwards(() => server.stop());
    const parts = await openParts(server.url);
    const [live, one, all] = [
      makeSessionRecord({ subject: 'eve' }),
      makeSessionRecord(),
      makeSessionRecord({ subject: 'bob' }),
    ];
    for (const session of [live, one, all]) await parts.sessions.create(session);
    await server.cli('SAVE');
    await parts.sessions.revoke(one.sid, 'ada', 'signed-out', after(5));
    await parts.sessions.revokeAll('bob', 'password-changed', after(5));
    await server.kill();
    await server.start();
    await expectRecovery(parts);

    expect(await server.cli('HEXISTS', `${parts.redis.prefix}s:${one.sid}`, 'r')).toBe('0');
    expect(await parts.sessions.findByTokenHash([one.tokenHash])).toMatchObject({ revokedBecause: 'signed-out' });
    expect(await parts.sessions.findBySid(all.sid)).toMatchObject({ revokedBecause: 'password-changed' });
    expect(await parts.sessions.listLive('bob', after(6))).toEqual([]);
    expect(await parts.sessions.change(all.sid, 1, { acr: 'mfa' })).toEqual({ kind: 'revoked' });
    expect(await parts.sessions.findBySid(live.sid)).toEqual(live);
    // Its tombstone is written again, so that the ledger is not needed the next time.
    expect(await server.cli('HEXISTS', `${parts.redis.prefix}s:${one.sid}`, 'r')).toBe('1');
  });

  it('shows a reader of its file no token, a person, an address or a browser', async () => {
    const server = await startRedisServer({ arguments: ['--appendonly', 'yes'] });
    closeAfterwards(() => server.stop());
    const { sessions, redis } = await openParts(server.url);
    const device = { label: 'canary-label', userAgent: 'canary-agent', address: 'canary-address' };
    const session = makeSessionRecord({ subject: 'canary-subject', org: 'canary-org', actor: 'canary-actor', device });
    await sessions.create(session);
    await sessions.change(session.sid, 1, { amr: ['canary-method'] });
    await sessions.revokeAll('canary-subject', 'banned', after(5));
    const bus = openBus(redis);
    await vi.waitFor(() => expect(bus.isConnected()).toBe(true), patience);
    await bus.publish({ kind: 'user', id: 'canary-subject', minGeneration: 2, at: after(1), reason: 'banned' });
    await server.cli('CONFIG', 'SET', 'rdbcompression', 'no');
    await server.cli('SAVE');
    const aof = readdirSync(`${server.folder}/appendonlydir`).map((name) => `appendonlydir/${name}`);
    for (const file of ['dump.rdb', ...aof]) {
      expect(readFileSync(`${server.folder}/${file}`, 'latin1')).not.toContain('canary');
    }
    expect(readFileSync(`${server.folder}/dump.rdb`, 'latin1')).toContain(session.sid);
  });
});
