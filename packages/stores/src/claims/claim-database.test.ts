import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '@sallyport/core';
import { openExternalDatabase, type ExternalDatabase } from '../open-database.ts';
import {
  layWire,
  testServerUrl,
  throughWire,
  titleOn,
  type ServerKind,
  type Wire,
} from '../test-server.test-support.ts';
import { claimDatabase, type DatabaseClaim } from './claim-database.ts';

describe.each<ServerKind>(['postgres', 'mongodb'])('on %s', (kind) => {
  const server = testServerUrl(kind);
  describe.skipIf(server === '')(titleOn('the claim on a database', kind), () => {
    const closing: (() => Promise<unknown>)[] = [];
    afterEach(async () => {
      for (const step of closing.splice(0).reverse()) await step().catch(() => {});
    });

    const name = `sallyport_${randomBytes(6).toString('hex')}`;
    const database = kind === 'postgres' ? 'postgres' : name;
    const open = (wire?: Wire): ExternalDatabase => {
      const direct = { port: Number(new URL(server).port) } as Wire;
      const opened = openExternalDatabase(throughWire(server, wire ?? direct, database), silentLogger);
      closing.push(() => opened.close());
      return opened;
    };
    const claim = async (options: Partial<Parameters<typeof claimDatabase>[0]> = {}): Promise<DatabaseClaim> => {
      const taken = await claimDatabase({ database: open(), ...options });
      closing.push(() => taken.release());
      return taken;
    };

    it('is refused to a second gateway, with an error that says what to do', async () => {
      const first = await claim();
      expect(first.isHeld()).toBe(true);
      await expect(claim({ waitMilliseconds: 1_000 })).rejects.toThrow(/Another gateway uses this database.*REDIS_URL/);
      expect(first.isHeld()).toBe(true);
      await first.release();
      expect(first.isHeld()).toBe(false);
      expect((await claim()).isHeld()).toBe(true);
    }, 60_000);

    it('that is lost makes the gateway refuse requests until it is held again', async () => {
      const wire = await layWire(server);
      closing.push(() => wire.cut());
      let lost = 0;
      const held = await claim({ database: open(wire), onLost: () => (lost += 1) });
      wire.hold();
      await expect.poll(() => held.isHeld(), { timeout: 20_000 }).toBe(false);
      await expect.poll(() => lost, { timeout: 5_000 }).toBe(1);
      wire.resume();
      await expect.poll(() => held.isHeld(), { timeout: 40_000 }).toBe(true);
    }, 90_000);
  });
});
