import { chownSync } from 'node:fs';
import { testAccounts } from '@sallyport/server/test-support';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findPostgresProgram, findUnprivilegedUser, startPostgres } from '../../tools/test-servers/postgres.ts';
import { mountSmallDisk, smallDiskAbsent, type SmallDisk } from '../../tools/processes/small-disk.ts';
import type { RunningServer } from '../../tools/test-servers/test-server.ts';
import { runOnPostgres } from './run-on-postgres.ts';
import { signIn } from './sign-in.ts';
import { startOnPostgres, type GatewayOnPostgres } from './stored-in-postgres.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const reason = findPostgresProgram('postgres') === undefined ? 'no PostgreSQL' : smallDiskAbsent;
const [account = { email: '', password: '' }] = testAccounts;
const password = 'five-unusual-kettles-marching';

describe.skipIf(reason !== undefined)(
  `a PostgreSQL whose tablespace is full [postgres]${reason ? ` (${reason})` : ''}`,
  () => {
    let disk: SmallDisk;
    let postgres: RunningServer;
    let system: GatewayOnPostgres;
    beforeEach(async () => {
      disk = mountSmallDisk(48);
      const owner = findUnprivilegedUser();
      if (typeof owner === 'object') chownSync(disk.folder, owner.uid, owner.gid);
      const started = await startPostgres();
      if (started.kind === 'absent') throw new Error(started.reason);
      postgres = started;
      await runOnPostgres(postgres.url, `CREATE TABLESPACE small LOCATION '${disk.folder}'`);
      await runOnPostgres(postgres.url, 'CREATE DATABASE sallyport TABLESPACE small');
      system = await startOnPostgres(Object.assign(new URL(postgres.url), { pathname: '/sallyport' }).href);
    });
    afterEach(async () => {
      await system.close();
      await postgres.stop();
      disk.remove();
    });

    it('is answered with 503 and never with 500, keeps sessions, and takes writes again when there is room', async () => {
      const { origin } = system;
      const post: GatewayOnPostgres['post'] = (...request) => system.post(...request);
      const cookie = await signIn(origin, account);
      disk.fill();
      const seen = new Map<number, number>();
      // Pages that are there take some more rows: of each table another number of them.
      for (let count = 0; count < 400 && (seen.get(503) ?? 0) < 6; count += 1) {
        const long = `n${count}-${'x'.repeat(60)}@example.test`;
        const answers = await Promise.all([
          post('/auth/sign-up/email', { name: 'New', email: long.slice(-200), password }),
          post('/auth/sign-in/email', { email: account.email, password: account.password }),
          post('/auth/request-password-reset', { email: account.email }),
        ]);
        for (const { status, headers } of answers) {
          seen.set(status, (seen.get(status) ?? 0) + 1);
          if (status === 503) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
        }
      }
      expect(seen.get(503)).toBeGreaterThanOrEqual(6);
      expect([...seen.keys()].filter((status) => status >= 500)).toEqual([503]);
      // What only reads goes on.
      expect(await system.sessionsOf(cookie)).toBe(200);

      disk.free();
      const email = 'after@example.test';
      expect((await post('/auth/sign-up/email', { name: 'New', email, password })).status).toBe(200);
      expect((await post('/auth/sign-out', {}, cookie)).status).toBe(204);
      expect(await system.sessionsOf(cookie)).toBe(401);
    });
  },
);
