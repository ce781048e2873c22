import type { SessionStore } from '@sallyport/core';
import { sessionStart } from '@sallyport/testing/contracts';
import { createSqliteRecords } from '@sallyport/testing/sqlite-records';
import { openEmbeddedDatabase } from '../embedded/embedded-database.ts';
import { endedSessionTable } from '../records/ended-session-table.ts';
import { createSealer } from '../sealing/sealer.ts';
import { openRedis, type Redis } from './open-redis.ts';
import { createRedisSessionStore } from './redis-session-store.ts';

/** Where a session store on Redis is, for a process that a contract test started. */
export interface RedisSubjectArgument {
  readonly url: string;
  readonly prefix: string;
  /** The database file of the ledger. */
  readonly file: string;
}

/** Tests of what happens, not of how soon: a busy machine is not an outage. */
export const patientTimeouts = { connectTimeoutMilliseconds: 5000, commandTimeoutMilliseconds: 5000 };

export const testSealer = createSealer([{ version: 1, value: 'kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA' }]);

/** Opens the session store, for a process that a contract test started. */
export async function openSubject(argument: string): Promise<SessionStore> {
  const { url, prefix, file } = JSON.parse(argument) as RedisSubjectArgument; // Written by the test.
  const redis = openRedis({ url, prefix, ...patientTimeouts });
  await redis.ready(10_000);
  return openSessionStore(redis, file);
}

/** The store on the clock of the contract: its records are from a day long past. */
export function openSessionStore(redis: Redis, file: string): SessionStore {
  const records = createSqliteRecords(openEmbeddedDatabase({ file }), [endedSessionTable]);
  return createRedisSessionStore({ redis, records, sealer: testSealer('session-record'), now: () => sessionStart });
}
