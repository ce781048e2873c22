import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { claimDataFolder } from './folder-claim.ts';

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'sallyport-claim-'));

/** Another process that holds the folder until it is ended. */
async function claimElsewhere(folder: string): Promise<ChildProcess> {
  const module = JSON.stringify(new URL('folder-claim.ts', import.meta.url).href);
  const script = `const { claimDataFolder } = await import(${module}); claimDataFolder(${JSON.stringify(folder)}); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

it('a claim refuses a folder that another process uses, and names it', async () => {
  const folder = newFolder();
  const other = await claimElsewhere(folder);
  expect(() => claimDataFolder(folder)).toThrow(folder);
  other.kill('SIGKILL');
  await once(other, 'exit');
});

it('a claim takes a folder over from a process that was killed', async () => {
  const folder = newFolder();
  const other = await claimElsewhere(folder);
  other.kill('SIGKILL');
  await once(other, 'exit');
  claimDataFolder(folder)();
});

it('a process can claim again what it gave back', () => {
  const folder = newFolder();
  claimDataFolder(folder)();
  claimDataFolder(folder)();
});
