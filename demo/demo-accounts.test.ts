import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { demoAccountsFile, prepareDemoAccounts, type DemoAccount } from './demo-accounts.ts';

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'sallyport-demo-'));

it('a damaged file is refused and not overwritten', async () => {
  const folder = newFolder();
  writeFileSync(join(folder, demoAccountsFile), '[{"email":1}]');
  await expect(prepareDemoAccounts(folder, async () => {})).rejects.toThrow(/damaged/);
  expect(readFileSync(join(folder, demoAccountsFile), 'utf8')).toBe('[{"email":1}]');
});

it('the file is for its owner only', async () => {
  const folder = newFolder();
  await prepareDemoAccounts(folder, async () => {});
  if (process.platform !== 'win32') expect(statSync(join(folder, demoAccountsFile)).mode & 0o777).toBe(0o600);
});

it('a folder that is not there yet is made, for its owner only', async () => {
  const folder = join(newFolder(), 'not', 'yet');
  await prepareDemoAccounts(folder, async () => {});
  expect(readFileSync(join(folder, demoAccountsFile), 'utf8')).toContain('admin');
  if (process.platform !== 'win32') expect(statSync(folder).mode & 0o777).toBe(0o700);
});

it('every folder gets passwords of its own, long enough for the rules', async () => {
  const [one, two] = [
    await prepareDemoAccounts(newFolder(), async () => {}),
    await prepareDemoAccounts(newFolder(), async () => {}),
  ];
  const passwords = [...one, ...two].map(({ password }) => password);
  expect(new Set(passwords).size).toBe(6);
  expect(passwords.every((password) => password.length >= 15)).toBe(true);
});

it('a start that died between the file and the accounts is repaired by the next', async () => {
  const folder = newFolder();
  await expect(prepareDemoAccounts(folder, () => Promise.reject(new Error('killed')))).rejects.toThrow('killed');
  const created: DemoAccount[] = [];
  await prepareDemoAccounts(folder, async (account) => void created.push(account));
  expect(created.map(({ roles }) => roles[0])).toEqual(['user', 'vendor', 'admin']);
});
