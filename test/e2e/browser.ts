import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { sharedSystem } from './shared-system.ts';

/** Waiting costs nothing when all goes well, and a busy machine is slow. */
export const patienceMilliseconds = 30_000;

export interface Visitors {
  /** Opens a browser of its own: no cookie, storage or cache in common with any other. Closed after the test. */
  open(options?: BrowserContextOptions): Promise<BrowserContext>;
  /** The same, with one page. */
  openPage(options?: BrowserContextOptions): Promise<Page>;
}

/** Starts Chromium for a test file. Addresses are relative to `url`, by default those of the shared system. */
export function useVisitors(url: () => string = () => sharedSystem.url): Visitors {
  let browser: Browser;
  const opened: BrowserContext[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((context) => context.close()));
  });
  afterAll(async () => {
    await browser.close();
  });

  const open = async (options: BrowserContextOptions = {}) => {
    const context = await browser.newContext({ baseURL: url(), ...options });
    context.setDefaultTimeout(patienceMilliseconds);
    context.setDefaultNavigationTimeout(patienceMilliseconds);
    opened.push(context);
    return context;
  };
  return { open, openPage: async (options) => (await open(options)).newPage() };
}

/** Starts Chromium. The caller closes it. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: sharedSystem.chromium,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Only the certificate of the test authority is trusted; every other fault of TLS still stops the page.
      `--ignore-certificate-errors-spki-list=${sharedSystem.authority.spkiHash}`,
    ],
  });
}
