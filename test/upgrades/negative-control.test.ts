import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, vi } from 'vitest';
import { clockShiftFor, copyDataFolder, fixtureNames, readFixture } from './fixture-copy.ts';
import { storedChecks, type UpgradedSystem } from './stored-checks.ts';
import { startStoredGateway } from './stored-gateway.ts';

// Processes are started.
vi.setConfig({ testTimeout: 120_000 });

const made = fixtureNames.toSorted().at(-1) ?? '';
const fixture = readFixture(made, 'embedded');

/*
 * A release that reads stored data in another way than the one before is emulated the other way round: the data is
 * changed, and today's code meets it. The checks of the test of upgrades have to fail.
 */
describe('the test of upgrades', () => {
  it.each([
    {
      change: 'other hashes of session tokens',
      statement: `UPDATE sallyportSession SET tokenHash = tokenHash || 'x'`,
      fails: [0, 1],
    },
    { change: 'another table of keys', statement: `DELETE FROM sallyportKey`, fails: [1] },
    {
      change: 'another format of password hashes',
      statement: `UPDATE account SET password = replace(password, '$argon2id$', '$argon2$')`,
      fails: [2, 4, 5, 10],
    },
    {
      change: 'no bcrypt',
      statement: `UPDATE account SET password = replace(password, '$2b$', '$2c$')`,
      fails: [3],
    },
    {
      change: 'other keys for secrets of authenticator apps',
      statement: `UPDATE sallyportFactor SET sealed = substr(sealed, 1, length(sealed) - 4) || 'AAAA'`,
      fails: [4, 5],
    },
    {
      change: 'other hashes of recovery codes',
      statement: `UPDATE sallyportRecoveryCode SET codeHash = codeHash || 'x'`,
      fails: [5],
    },
    {
      change: 'other hashes of mailed links',
      statement: `UPDATE verification SET identifier = identifier || 'x'`,
      fails: [12],
    },
    {
      change: 'other hashes of client secrets',
      statement: `UPDATE sallyportOAuthClient SET secretHash = secretHash || 'x'`,
      fails: [11],
    },
    {
      change: 'other hashes of API keys',
      statement: `UPDATE sallyportApiKey SET keyHash = keyHash || 'x'`,
      fails: [6],
    },
    {
      change: 'other hashes of refresh tokens',
      statement: `UPDATE sallyportTokenFamily SET tokenHash = tokenHash || 'x'`,
      fails: [7],
    },
    { change: 'another memory of webhooks', statement: `DELETE FROM sallyportWebhookDelivery`, fails: [8] },
    { change: 'no bans', statement: 'UPDATE user SET bannedAt = NULL', fails: [9] },
    { change: 'no ends of bans', statement: 'UPDATE user SET bannedUntil = NULL', fails: [10] },
  ])('fails when what was stored is met by code with $change', async ({ statement, fails }) => {
    const failed = await checksThatFail(statement);
    expect(failed).toEqual(storedChecks.map(({ name }) => name).filter((_, index) => fails.includes(index)));
  });

  it.each([
    {
      change: 'another name of a column',
      statement: 'ALTER TABLE sallyportSession RENAME COLUMN idleExpiresAt TO idleUntil',
      says: /idleExpiresAt/,
    },
    {
      change: 'another context of sealed keys',
      statement: `UPDATE sallyportKey SET kid = kid || 'x'`,
      says: /cannot be opened/,
    },
    {
      change: 'another derivation of keys from the root secret',
      secret: fixture.secret.replace(/^./, 'z'),
      says: /sealed under another root secret/,
    },
  ])('sees no start when what was stored is met by code with $change', async ({ statement, secret, says }) => {
    await expect(checksThatFail(statement, secret)).rejects.toThrow(says);
  });
});

/** Rejects when the gateway does not start. */
async function checksThatFail(statement = '', secret = fixture.secret): Promise<readonly string[]> {
  const data = copyDataFolder(made);
  try {
    const database = new DatabaseSync(path.join(data.folder, 'sallyport.db'));
    database.exec(statement);
    database.close();
    const clockShiftMilliseconds = clockShiftFor(fixture);
    const gateway = await startStoredGateway({ dataDir: data.folder, secret, clockShiftMilliseconds });
    try {
      return await failuresIn({ gateway, fixture, clockShiftMilliseconds });
    } finally {
      await gateway.stop();
    }
  } finally {
    data.remove();
  }
}

async function failuresIn(system: UpgradedSystem): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const { name, check } of storedChecks) await check(system).catch(() => failed.push(name));
  return failed;
}
