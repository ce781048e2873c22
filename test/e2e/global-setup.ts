import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { startSystem } from '../../tools/launch/system.ts';
import { createTestAuthority } from '../../tools/launch/test-authority.ts';
import { findChromium } from '../../tools/testing/find-chromium.ts';
import { storeCombinations } from './store-combinations.ts';
import { openStoresFor, type OwnStores } from './stores-of-a-system.ts';

/** Starts one system on https for all files of a project; it was built before (`npm test` does that). */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const chromium = findChromium();
  if (chromium === undefined) throw new Error('No Chromium. Install it, or name it in CHROME_PATH.');
  const screenshotFolder = process.env['SALLYPORT_SCREENSHOTS'];
  // The gateway refuses to start with a variable that it does not know.
  delete process.env['SALLYPORT_SCREENSHOTS'];

  const combination = storeCombinations.find((candidate) => candidate.project === project.name);
  if (combination === undefined) throw new TypeError(`No stores belong to the project ${project.name}`);

  const folder = await mkdtemp(path.join(tmpdir(), 'sallyport-e2e-'));
  let own: OwnStores | undefined;
  const remove = async () => {
    await own?.dispose();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const authority = await createTestAuthority(path.join(folder, 'authority'));
    own = await openStoresFor(combination);
    const [tokenPort = 0] = await findFreePorts(1);
    const tokenOrigin = `http://localhost:${tokenPort}`;
    const forPages = { DEMO_TOKEN_ORIGINS: tokenOrigin };
    const system = await startSystem({
      dataDir: path.join(folder, 'data'),
      tls: authority,
      stores: own.stores,
      gateways: combination.gateways,
      environment: { gateway: forPages, 'gateway-2': forPages },
    });
    const { url, mailbox, acmeSso = '', accounts, commandLineClient = '' } = system;
    const found = { url, mailbox, acmeSso, accounts, commandLineClient };
    const shared = { ...found, combination, authority, chromium, tokenOrigin, screenshotFolder };
    project.provide('system', shared);
    return async () => {
      await system.stop();
      await remove();
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
