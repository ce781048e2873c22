import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { findAxeViolations, horizontalOverflow } from './page-findings.ts';
import { sharedSystem } from './shared-system.ts';

const { screenshotFolder } = sharedSystem;

const looks = [
  { look: 'desktop-light', viewport: { width: 1280, height: 800 }, colorScheme: 'light' },
  { look: 'phone-dark', viewport: { width: 360, height: 740 }, colorScheme: 'dark' },
  { look: 'phone-light', viewport: { width: 360, height: 740 }, colorScheme: 'light' },
  { look: 'desktop-dark', viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
] as const;

/** Looks at the page that is open, light and dark, on a desk and on a phone. Resolves to what is wrong with it. */
export async function findingsInEveryLook(page: Page, name: string): Promise<readonly string[]> {
  const findings: string[] = [];
  for (const { look, viewport, colorScheme } of looks) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    await page.evaluate(() => scrollTo({ top: 0 }));
    const overflow = await horizontalOverflow(page);
    const violations = await findAxeViolations(page);
    findings.push(
      ...(overflow <= 0 ? [] : [`${name} (${look}): is ${overflow} pixels too wide`]),
      ...violations.map((violation) => `${name} (${look}): ${violation}`),
    );
    if (screenshotFolder === undefined) continue;
    await mkdir(screenshotFolder, { recursive: true });
    await page.screenshot({ path: path.join(screenshotFolder, `${name}.${look}.png`), fullPage: true });
  }
  return findings;
}
