import { recordModels } from '@sallyport/core';
import { openIdentityDatabase } from '@sallyport/identity';
import { openEmbeddedDatabase } from '@sallyport/stores';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { databaseTables } from '../features.ts';
import type { ContentContext } from './content-context.ts';
import { checkRetention } from './check-retention.ts';

const day = 86_400_000;
let sqlite: ReturnType<typeof openEmbeddedDatabase>;
let records: ContentContext['records'];
beforeEach(async () => {
  sqlite = openEmbeddedDatabase({ file: ':memory:' });
  ({ records } = await openIdentityDatabase({
    database: { kind: 'sqlite', database: sqlite },
    tables: databaseTables,
  }));
});
afterEach(() => sqlite.close());

const check = () =>
  // The check reads nothing else of the configuration.
  checkRetention.run({ records, config: { retention: { eventDays: 10 } } } as unknown as ContentContext);
const writeEvent = (daysAgo: number) =>
  records.create({
    model: recordModels.event,
    data: {
      type: 'sign-in.refused',
      at: new Date(Date.now() - daysAgo * day),
      outcome: 'refused',
      requestId: '',
      address: '',
      details: '{}',
    },
  });

describe('the check of retention', () => {
  it('says how long events are kept where nothing is overdue', async () => {
    await writeEvent(10.9);
    expect(await check()).toEqual([{ kind: 'ok', finding: 'no row is overdue; events are kept for 10 days' }]);
  });

  it('warns of kinds that no gateway deletes', async () => {
    await writeEvent(11.1);
    const at = new Date(Date.now() - 2 * day);
    const link = { identifier: 'verify-email:x', value: 'verify-email:y', expiresAt: at, createdAt: at, updatedAt: at };
    await records.create({ model: 'verification', data: link });
    expect(await check()).toMatchObject([
      { kind: 'warning', finding: expect.stringContaining('links, events') as string },
    ]);
  });
});
