import type { Page, Response } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { openAccount } from './account-page.ts';
import { useVisitors } from './browser.ts';
import { openReady } from './hydrated-page.ts';
import { sharedSystem } from './shared-system.ts';
import { demoAccount } from './sign-in.ts';
import { openSignedIn } from './signed-in-page.ts';

const visitors = useVisitors();

/** A file of a page, and how many bytes of it came over the network. */
interface LoadedFile {
  readonly path: string;
  readonly bytes: number;
}

describe('the scripts, styles and fonts of zones', () => {
  it('are fetched once by a browser where two zones have the same', async () => {
    const page = await openSignedIn(visitors, demoAccount('user', sharedSystem.accounts));
    await openReady(page, '/products');
    const ofShell = await filesOf(page);
    await openAccount(page);
    const ofZone = await filesOf(page);

    const seen = new Set(ofShell.map(({ path }) => path));
    const again = ofZone.filter(({ path }) => seen.has(path));
    expect(again.filter(({ bytes }) => bytes > 0)).toEqual([]);
    // React, and the font of both.
    expect(again.some(({ path }) => path.endsWith('.js'))).toBe(true);
    expect(again.some(({ path }) => path.endsWith('.woff2'))).toBe(true);
  });

  it('are kept for a year and compressed, and pages by no cache', async () => {
    const page = await visitors.openPage();
    const files: Response[] = [];
    page.on('response', (response) => void files.push(response));
    await openReady(page, '/');

    const assets = files.filter((response) => new URL(response.url()).pathname.startsWith('/_zones/shared/'));
    expect(assets.length).toBeGreaterThan(4);
    for (const asset of assets) {
      const headers = await asset.allHeaders();
      const isText = /\.(?:js|css)$/.test(asset.url());
      expect({ url: asset.url(), ...headers }).toMatchObject({
        'cache-control': 'public, max-age=31536000, immutable',
        ...(isText ? { 'content-encoding': expect.stringMatching(/^(?:br|gzip)$/) as unknown } : {}),
      });
    }
  });
});

async function filesOf(page: Page): Promise<readonly LoadedFile[]> {
  return page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .filter((entry): entry is PerformanceResourceTiming => entry instanceof PerformanceResourceTiming)
      .map(({ name, transferSize }) => ({ path: new URL(name).pathname, bytes: transferSize }))
      .filter(({ path }) => path.startsWith('/_zones/shared/')),
  );
}
