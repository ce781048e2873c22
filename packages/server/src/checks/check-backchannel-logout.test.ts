import { recordModels } from '@sallyport/core';
import { openIdentityDatabase } from '@sallyport/identity';
import { openEmbeddedDatabase } from '@sallyport/stores';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { databaseTables } from '../features.ts';
import { checkBackchannelLogout } from './check-backchannel-logout.ts';
import type { ContentContext } from './content-context.ts';

let sqlite: ReturnType<typeof openEmbeddedDatabase>;
let records: ContentContext['records'];
beforeEach(async () => {
  sqlite = openEmbeddedDatabase({ file: ':memory:' });
  const database = { kind: 'sqlite', database: sqlite } as const;
  ({ records } = await openIdentityDatabase({ database, tables: databaseTables }));
});
afterEach(() => sqlite.close());

const check = (sections: object = { oauthProvider: {} }) =>
  // The check reads nothing else of the configuration.
  checkBackchannelLogout.run({ records, config: sections } as unknown as ContentContext);
const writeLogout = (clientId: string, minutesAgo: number, lastFailure: string | null) => {
  const at = new Date(Date.now() - minutesAgo * 60_000);
  const row = { sid: 's', subject: 'ada', clientId, clientSid: 'c', attempts: 1, createdAt: at, expiresAt: at };
  const data = { ...row, state: 'waiting', dueAt: at, endedAt: at, lastFailure };
  return records.create({ model: recordModels.oauthLogout, data });
};

describe('the check of back-channel logout', () => {
  it('says that nothing waits', async () => {
    await writeLogout('client_a', 5, 'timeout');
    expect(await check()).toEqual([{ kind: 'ok', finding: 'no client waits to be told that a session is over' }]);
  });

  it('warns of each client that takes no logout token, and says why', async () => {
    for (const minutes of [11, 12, 13]) await writeLogout('client_a', minutes, 'status-503');
    await writeLogout('client_b', 20, null);
    expect(await check()).toMatchObject([
      { kind: 'warning', finding: '3 ended sessions are not known to the client client_a (status-503)' },
      { kind: 'warning', finding: '1 ended sessions are not known to the client client_b (not-tried)' },
    ]);
  });

  it('looks at nothing where there is no provider', async () => {
    await writeLogout('client_a', 20, 'timeout');
    expect(await check({})).toEqual([]);
  });
});
