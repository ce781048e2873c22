import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sessionStoreContract } from '@sallyport/testing/contracts';
import { describe } from 'vitest';
import { openRedis } from './open-redis.ts';
import { openSessionStore, patientTimeouts, type RedisSubjectArgument } from './redis-session-subject.test-support.ts';
import { randomPrefix, testRedisUrl } from './test-redis.test-support.ts';

describe.skipIf(testRedisUrl === undefined)('the session store [redis]', () => {
  sessionStoreContract({
    name: 'sealed records on Redis, ended ones on SQLite',
    open: async () => {
      const folder = mkdtempSync(join(tmpdir(), 'sallyport-ledger-'));
      const argument: RedisSubjectArgument = {
        url: testRedisUrl ?? '',
        prefix: randomPrefix(),
        file: join(folder, 'ledger.db'),
      };
      const redis = openRedis({ ...argument, ...patientTimeouts });
      await redis.ready(10_000);
      return {
        store: openSessionStore(redis, argument.file),
        breakDown: () => redis.close(),
        close: () => {
          redis.close();
          rmSync(folder, { recursive: true });
        },
        processes: {
          module: new URL('redis-session-subject.test-support.ts', import.meta.url).href,
          argument: JSON.stringify(argument),
        },
      };
    },
  });
});
