import { createRecordSessionStore, createSealer, openEmbeddedDatabase, sessionTable } from '@sallyport/stores';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createUserTable, type User } from '../accounts/user-table.ts';
import { openIdentityDatabase } from '../database.ts';
import { createFactorAssurance } from '../features/second-factor/factor-assurance.ts';
import { createFactorTable } from '../features/second-factor/factor-table.ts';
import { createSessionMaker } from '../sessions/session-maker.ts';
import { withSessionRecords } from './session-adapter.ts';

const tokenSealer = createSealer([{ version: 1, value: 'kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA' }])('session-token');
const token = 'T'.repeat(32);
const where = [{ field: 'token', value: token }];
const newSession = { token, userId: 'user-1', acr: 'pwd', amr: 'pwd', userAgent: 'x', ipAddress: '::1' };
const user = { id: 'user-1', roles: [], isBanned: false } as unknown as User;

let sqlite: ReturnType<typeof openEmbeddedDatabase>;
let adapter: ReturnType<typeof withSessionRecords>;
beforeEach(async () => {
  sqlite = openEmbeddedDatabase({ file: ':memory:' });
  const database = await openIdentityDatabase({
    database: { kind: 'sqlite', database: sqlite },
    tables: [sessionTable],
  });
  const sessions = createRecordSessionStore(database.records);
  const now = () => new Date();
  const makeSession = createSessionMaker({
    sessions,
    users: { ...createUserTable(database.records, now), findById: () => Promise.resolve(user) },
    requiredAssurance: createFactorAssurance(createFactorTable(database.records, tokenSealer, now), []),
    sealer: tokenSealer,
    lifetime: { idleSeconds: 60, absoluteSeconds: 600 },
    now,
  });
  adapter = withSessionRecords(database.adapter, { sessions, sealer: tokenSealer, makeSession, now });
});
afterEach(() => sqlite.close());

describe("the engine's sessions", () => {
  it('are our records, and its own table stays empty', async () => {
    await adapter.create({ model: 'session', data: newSession });
    expect(await adapter.findOne({ model: 'session', where })).toMatchObject({ token, userId: 'user-1', acr: 'pwd' });
    expect(sqlite.prepare('SELECT count(*) AS n FROM "session"').get()).toMatchObject({ n: 0 });
    expect(sqlite.prepare('SELECT tokenHash FROM "sallyportSession"').get()).toEqual({
      tokenHash: tokenSealer.hash(token),
    });
  });

  it.each([
    { name: 'says nothing of its strength', change: { acr: undefined } },
    { name: 'names a strength that there is not', change: { acr: 'high' } },
    { name: 'names a strength by an inherited member', change: { acr: 'constructor' } },
    { name: 'says nothing of its methods', change: { amr: undefined } },
    { name: 'names no method', change: { amr: '' } },
  ])('are not made by a sign-in that $name', async ({ change }) => {
    const coming = adapter.create({ model: 'session', data: { ...newSession, ...change } });
    await expect(coming).rejects.toThrow('says nothing of its proof');
    expect(sqlite.prepare('SELECT count(*) AS n FROM "sallyportSession"').get()).toMatchObject({ n: 0 });
  });

  it('are reached in a transaction, too, and undone with it', async () => {
    const failing = adapter.transaction(async (inner) => {
      await inner.create({ model: 'session', data: newSession });
      throw new Error('stop');
    });
    await expect(failing).rejects.toThrow('stop');
    expect(sqlite.prepare('SELECT count(*) AS n FROM "session"').get()).toMatchObject({ n: 0 });
  });

  it.each([
    { name: 'listed', reach: () => adapter.findMany({ model: 'session' }) },
    { name: 'counted', reach: () => adapter.count({ model: 'session' }) },
    {
      name: 'found by user',
      reach: () => adapter.findOne({ model: 'session', where: [{ field: 'userId', value: 'user-1' }] }),
    },
    { name: 'changed', reach: () => adapter.update({ model: 'session', where, update: { userId: 'user-2' } }) },
    { name: 'changed together', reach: () => adapter.updateMany({ model: 'session', where, update: {} }) },
    { name: 'deleted', reach: () => adapter.delete({ model: 'session', where }) },
    { name: 'deleted together', reach: () => adapter.deleteMany({ model: 'session', where }) },
    { name: 'consumed', reach: () => adapter.consumeOne({ model: 'session', where }) },
  ])('are not $name past our own store', async ({ reach }) => {
    await expect((async () => reach())()).rejects.toThrow('Better Auth must not reach sessions');
  });
});
