import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { useVisitors } from './browser.ts';
import { findingsInEveryLook } from './every-look.ts';
import { openReady } from './hydrated-page.ts';
import { signInAsNewcomer } from './new-account.ts';
import { watchTroubles } from './page-findings.ts';

const visitors = useVisitors();

/** What a program is answered that presents the key, without the cookie of the page. */
const statusWith = (page: Page, secret: string): Promise<number> =>
  page.evaluate(async (key) => {
    const answer = await fetch('/api/shop/products', { headers: { 'x-api-key': key }, credentials: 'omit' });
    return answer.status;
  }, secret);

describe('the page of API keys', () => {
  it('makes a key that works, shows it once, rotates it and ends it', async () => {
    const page = await visitors.openPage({ reducedMotion: 'reduce' });
    const troubles = watchTroubles(page);
    const findings: string[] = [];
    const look = async (name: string) => findings.push(...(await findingsInEveryLook(page, name)));
    const main = page.locator('main');
    const secretShown = main.getByText(/^sp_key_[0-9A-Za-z]{38}$/);
    await signInAsNewcomer(page);
    await openReady(page, '/account/api-keys');
    await main.getByLabel('What is it for?').waitFor();
    await look('api-keys-none');

    await main.getByLabel('What is it for?').fill('Nightly export');
    await main.getByLabel('product:read').check();
    await main.getByRole('button', { name: 'Create key' }).click();
    await secretShown.waitFor();
    await look('api-keys-made');
    const secret = await secretShown.innerText();
    expect(await statusWith(page, secret)).toBe(200);
    await main.getByRole('button', { name: 'Done' }).click();
    await main.getByRole('heading', { name: 'Nightly export' }).waitFor();
    await look('api-keys-list');
    expect(await page.content()).not.toContain(secret);

    await main.getByRole('button', { name: 'Rotate Nightly export' }).click();
    await secretShown.waitFor();
    const next = await secretShown.innerText();
    expect([await statusWith(page, secret), await statusWith(page, next)]).toEqual([200, 200]);
    await main.getByRole('button', { name: 'Done' }).click();
    await main.getByText('The key before works until').waitFor();

    await main.getByRole('button', { name: 'Revoke Nightly export' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await main.getByText('The key “Nightly export” is revoked.').waitFor();
    // Taken before: that both are refused now is no trouble.
    findings.push(...troubles.take());
    expect([await statusWith(page, secret), await statusWith(page, next)]).toEqual([401, 401]);
    expect(findings).toEqual([]);
  }, 300_000);
});
