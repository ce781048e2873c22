import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { startSystem } from '../../tools/launch/system.ts';
import { createTestAuthority } from '../../tools/launch/test-authority.ts';
import { findChromium } from '../../tools/testing/find-chromium.ts';

/** Starts one system on https for all files of the browser tests; it was built before (`npm test` does that). */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const chromium = findChromium();
  if (chromium === undefined) throw new Error('No Chromium. Install it, or name it in CHROME_PATH.');
  const screenshotFolder = process.env['SALLYPORT_SCREENSHOTS'];
  // The gateway refuses to start with a variable that it does not know.
  delete process.env['SALLYPORT_SCREENSHOTS'];

  const folder = await mkdtemp(path.join(tmpdir(), 'sallyport-e2e-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const authority = await createTestAuthority(path.join(folder, 'authority'));
    const system = await startSystem({ dataDir: path.join(folder, 'data'), tls: authority });
    const { url, mailbox, accounts } = system;
    project.provide('system', { url, mailbox, accounts, authority, chromium, screenshotFolder });
    return async () => {
      await system.stop();
      await remove();
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
