import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

/** What a page did wrong while it was loaded and used: console errors, exceptions, failed requests, error answers. */
export interface PageTroubles {
  /** What was noted until now; empties the list. */
  take(): readonly string[];
}

/** Watches a page. The answer to the navigation itself is left to the test. */
export function watchTroubles(page: Page): PageTroubles {
  const troubles: string[] = [];
  page.on('console', (message) => {
    // Chromium reports the status of the page itself in the same words as that of a missing file, which is noted below.
    const isStatus = message.text().startsWith('Failed to load resource: the server responded with a status of');
    if ((message.type() === 'error' || message.type() === 'warning') && !isStatus) troubles.push(message.text());
  });
  page.on('pageerror', (error) => troubles.push(`exception: ${error.message}`));
  page.on('requestfailed', (request) => {
    // Leaving a page ends the prefetches that it had under way.
    const reason = request.failure()?.errorText;
    if (reason !== 'net::ERR_ABORTED') troubles.push(`no answer: ${request.url()} ${reason}`);
  });
  page.on('response', (response) => {
    const isPage = response.request().isNavigationRequest();
    if (response.status() >= 400 && !isPage) troubles.push(`${response.status()}: ${response.url()}`);
  });
  return { take: () => troubles.splice(0) };
}

/** Violations that axe-core finds, one sentence each. */
export async function findAxeViolations(page: Page): Promise<readonly string[]> {
  // Evaluated from outside, so the content security policy of the page is not in the way and stays on.
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { readonly axe: { run(): Promise<AxeResults> } };
    return axe.run();
  });
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary = '' }) => `${id}: ${help}: ${html.slice(0, 200)} ${failureSummary}`),
  );
}

/** How many pixels the page is wider than its window. */
export async function horizontalOverflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** A stop of the Tab key: what a screen reader would call it, and whether one sees that it has the focus. */
export interface FocusStop {
  readonly name: string;
  readonly isVisible: boolean;
}

/** Presses Tab until the focus leaves the page, and tells where it stopped. */
export async function walkByTab(page: Page, maximumStops = 60): Promise<readonly FocusStop[]> {
  const stops: FocusStop[] = [];
  for (let stop = 0; stop < maximumStops; stop += 1) {
    await page.keyboard.press('Tab');
    const found = await page.evaluate(() => {
      const element = document.activeElement;
      if (element === null || element === document.body) return null;
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
      const { width, height } = element.getBoundingClientRect();
      const spoken = element.cloneNode(true) as Element;
      for (const silent of spoken.querySelectorAll('[aria-hidden="true"]')) silent.remove();
      const label =
        element.getAttribute('aria-label') ??
        (element instanceof HTMLInputElement ? element.labels?.[0]?.textContent : spoken.textContent) ??
        '';
      const isMarked = (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none';
      return { name: label.trim(), isVisible: isMarked && width > 1 && height > 1 };
    });
    if (found === null) return stops;
    stops.push(found);
  }
  return stops;
}
