import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { buildSystem } from '../build/build-system.ts';
import { createProgress } from '../build/progress.ts';
import { startSystem, type RunningSystem } from '../launch/system.ts';
import { findChromium } from '../testing/find-chromium.ts';
import { workspaceRoot } from '../workspace-root.ts';

/* Takes the pictures of the README anew: npm run screenshots. */

const folder = path.join(workspaceRoot, 'docs/images');
const looks = ['light', 'dark'] as const;

async function signIn(page: Page, { url, accounts }: RunningSystem): Promise<void> {
  const vendor = accounts.find(({ roles }) => roles.includes('vendor'));
  if (vendor === undefined) throw new Error('the demo has no vendor');
  await page.goto(`${url}/auth/sign-in`);
  await page.locator('input[name=email]').fill(vendor.email);
  await page.locator('input[name=password]').fill(vendor.password);
  await page.locator('main button[type=submit]').first().click();
  await page.waitForURL((address) => !address.pathname.startsWith('/auth/'));
}

/** Visits what leaves something to look at, and opens the page that shows it. */
async function openBehindTheDoor(page: Page, { url }: RunningSystem): Promise<void> {
  for (const visited of ['/products', '/account', '/products']) await page.goto(url + visited);
  await page.goto(`${url}/behind-the-door`);
  await page.getByRole('main').getByRole('table').or(page.getByRole('main').getByRole('list')).first().waitFor();
}

const executablePath = findChromium();
if (executablePath === undefined) throw new Error('no Chromium was found: CHROME_PATH names one');
const dataDir = await mkdtemp(path.join(os.tmpdir(), 'sallyport-screenshots-'));
const stopped = new AbortController();
await buildSystem({ root: workspaceRoot, progress: createProgress(process.stderr) });
const system = await startSystem({ dataDir, signal: stopped.signal });
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
try {
  for (const look of looks) {
    const page = await browser.newPage({ viewport: { width: 1120, height: 700 }, colorScheme: look });
    await signIn(page, system);
    await openBehindTheDoor(page, system);
    await page.screenshot({ path: path.join(folder, `behind-the-door-${look}.png`) });
    await page.goto(`${new URL(system.mailbox).origin}/preview/page/sign-in?brand=acme&theme=${look}`);
    await page.screenshot({ path: path.join(folder, `branded-sign-in-${look}.png`) });
    await page.close();
  }
} finally {
  await browser.close();
  stopped.abort();
  await system.stop();
  await rm(dataDir, { recursive: true, force: true });
}
