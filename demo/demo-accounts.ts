import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { OptionsError, SallyportError } from '@sallyport/core';
import type { Identity } from '@sallyport/identity';
import * as z from 'zod';

const demoAccountsSchema = z.array(
  z.strictObject({ name: z.string(), email: z.string(), password: z.string(), roles: z.array(z.string()) }),
);

/** An account of the demonstration, with its generated password. */
export type DemoAccount = z.infer<typeof demoAccountsSchema>[number];

/** Name of the file in the data folder; only its owner may read it. */
export const demoAccountsFile = 'demo-accounts.json';

const people = [
  { name: 'Uma User', email: 'user@demo.sallyport.test', roles: ['user'] },
  { name: 'Vic Vendor', email: 'vendor@demo.sallyport.test', roles: ['vendor'] },
  { name: 'Ada Admin', email: 'admin@demo.sallyport.test', roles: ['admin'] },
] as const;

/** Creates one account unless its address exists. */
export type CreateAccount = (account: DemoAccount) => Promise<void>;

/**
 * Reads the demo accounts of the data folder, or makes them with fresh passwords at the first start, and creates
 * those that the database does not know yet. A start that was killed in between is repaired by the next.
 */
export async function prepareDemoAccounts(dataDir: string, create: CreateAccount): Promise<readonly DemoAccount[]> {
  const path = join(dataDir, demoAccountsFile);
  const accounts = existsSync(path) ? readAccounts(path) : writeAccounts(path);
  for (const account of accounts) await create(account);
  return accounts;
}

/** Creates an account whose address counts as verified, unless it exists. */
export async function createVerifiedAccount({ accounts }: Identity, account: DemoAccount): Promise<void> {
  if ((await accounts.findByEmail(account.email)) !== null) return;
  try {
    await accounts.createUser({ ...account, emailVerified: true });
  } catch (error) {
    // Another gateway that started at the same moment has made it.
    if (!(error instanceof SallyportError) || error.code !== 'SP_CONFLICT') throw error;
  }
}

function readAccounts(path: string): readonly DemoAccount[] {
  const parsed = demoAccountsSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (parsed.success) return parsed.data;
  throw new OptionsError(
    `${path} is damaged. Delete the data folder to start the demonstration afresh.`,
    'SP_OPTIONS_DATA_UNUSABLE',
  );
}

function writeAccounts(path: string): readonly DemoAccount[] {
  const accounts = people.map(({ name, email, roles }) => ({
    name,
    email,
    roles: [...roles],
    password: generatePassword(),
  }));
  // With a database and a secret from elsewhere, nothing has made the data folder yet.
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // Written aside and renamed, so that a kill in the middle leaves no half file.
  const aside = `${path}.${process.pid}.tmp`;
  writeFileSync(aside, `${JSON.stringify(accounts, null, 2)}\n`, { mode: 0o600 });
  renameSync(aside, path);
  return accounts;
}

/** 20 letters and digits without look-alikes, in groups that are easy to type: about 98 bits. */
function generatePassword(): string {
  const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789';
  const group = (): string => Array.from({ length: 5 }, () => alphabet[randomInt(alphabet.length)]).join('');
  return [group(), group(), group(), group()].join('-');
}
