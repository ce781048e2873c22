import { recordModels, type Records } from '@sallyport/core';
import { createLease, storeTables } from '@sallyport/stores';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identitySchema } from './database/identity-schema.ts';
import { indexesOf } from './database/schema-tables.ts';
import { features } from './features.ts';
import { canRace, goodPassword, onDatabase, startHarness, type Harness } from './identity.test-support.ts';
import { retentionRules } from './retention-rules.ts';

const email = 'robin@example.test';
const day = 86_400;

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness({ eventDays: 30 });
});
afterEach(() => harness.close());

const writeEvents = async (records: Records, count: number, at: Date): Promise<void> => {
  for (let index = 0; index < count; index += 1)
    await records.create({
      model: recordModels.event,
      data: { type: 'sign-in.refused', at, outcome: 'refused', requestId: `${index}`, address: '', details: '{}' },
    });
};

describe(onDatabase('rows that expire'), () => {
  it('are found by an index, whatever rule lets them go', () => {
    const indexed = indexesOf(identitySchema([...storeTables, ...features.tables]));
    const withoutIndex = retentionRules(features).filter(
      ({ model, expiry }) => !indexed.some(({ table, columns }) => table === model && columns[0] === expiry),
    );
    expect(withoutIndex).toEqual([]);
  });

  it('are deleted in batches, and nothing else is', async () => {
    const { records } = harness.database;
    const old = new Date(harness.now().getTime() - 30 * day * 1000 - 1);
    await writeEvents(records, 1203, old);
    await writeEvents(records, 2, harness.now());
    const events = harness.identity.retention.find(({ kind }) => kind === 'events');
    expect(await events?.run(harness.now())).toBe(1203);
    expect(await records.count({ model: recordModels.event })).toBe(2);
    expect(await events?.run(harness.now())).toBe(0);
  });

  it('are sign-ups without a proof, with all that hangs on them', async () => {
    const { records } = harness.database;
    for (let index = 0; index < 3; index += 1)
      await harness.call('POST', '/auth/sign-up/email', {
        name: 'R',
        email: `r${index}@x.test`,
        password: goodPassword,
      });
    await harness.makeUser(email);
    harness.advance(day);
    const deleted = await harness.identity.deleteExpired(harness.now());
    const left = await Promise.all(['user', 'account', 'verification'].map((model) => records.count({ model })));
    expect([deleted, ...left]).toEqual([3, 1, 1, 0]);
  });
});

describe(onDatabase('rows that a visitor can cause'), () => {
  const ask = (path: string) => harness.call('POST', path, { email });
  const countOf = (model: string) => harness.database.records.count({ model });

  it.each(['/auth/request-password-reset', '/auth/send-verification-email'])(
    'are three links at most, and none of them is issued for a mail that is not sent (%s)',
    async (path) => {
      await harness.call('POST', '/auth/sign-up/email', { name: 'Robin Doe', email, password: goodPassword });
      const before = await countOf('verification');
      for (let count = 0; count < 14; count += 1) {
        expect((await ask(path)).status).toBe(200);
        harness.advance(1);
      }
      expect((await countOf('verification')) - before).toBeLessThanOrEqual(3);
      const events = await countOf(recordModels.event);
      await ask(path);
      expect(await countOf(recordModels.event)).toBe(events);
    },
  );

  it('are one account for an address, and no more events than mails', async () => {
    for (let count = 0; count < 14; count += 1)
      await harness.call('POST', '/auth/sign-up/email', { name: 'Robin Doe', email, password: goodPassword });
    expect(await countOf('user')).toBe(1);
    expect(await countOf('account')).toBe(1);
    expect(await countOf('verification')).toBe(1);
    // Ten made, nine of them replaced.
    expect(await countOf(recordModels.event)).toBe(19);
  });
});

describe(onDatabase('a lease'), () => {
  const open = () => createLease(harness.database.records, 'retention');
  const later = (seconds: number) => new Date(harness.now().getTime() + seconds * 1000);

  it.skipIf(!canRace())('is taken by one of eight that want it at the same moment, again and again', async () => {
    const leases = Array.from({ length: 8 }, open);
    for (let round = 0; round < 5; round += 1) {
      const taken = await Promise.all(leases.map((lease) => lease.take(60, later(round * 60))));
      expect(taken.filter((fence) => fence !== null)).toEqual([round + 1]);
    }
  });

  it('is free again when its time is over, and its last holder notes nothing more', async () => {
    const [dead, other] = [open(), open()];
    const fence = await dead.take(60, later(0));
    expect(await other.take(60, later(59))).toBeNull();
    expect(await other.take(60, later(60))).toBe(2);
    await dead.noteDone(fence ?? 0, later(61));
    const [row] = await harness.database.records.findMany<{ doneAt: Date | null }>({ model: recordModels.lease });
    expect(row?.doneAt).toBeNull();
  });
});
