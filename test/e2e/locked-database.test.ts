import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAccount, sessionRows } from './account-page.ts';
import { patienceMilliseconds, useVisitors } from './browser.ts';
import { callApi, isSignedIn } from './call-api.ts';
import { openReady } from './hydrated-page.ts';
import { lockDatabase } from './lock-database.ts';
import { startOwnSystem, type OwnSystem } from './own-system.ts';
import { openProducts } from './products-page.ts';
import { demoAccount, submitSignIn } from './sign-in.ts';
import { openSignedIn } from './signed-in-page.ts';

let system: OwnSystem;
const visitors = useVisitors(() => system.url);

beforeAll(async () => {
  system = await startOwnSystem();
});
afterAll(() => system.dispose());

describe('a database file that another program holds [sqlite + in-process]', () => {
  it('stops sign-ins with 503, leaves sessions alone, and needs no restart afterwards', async () => {
    const page = await openSignedIn(visitors, demoAccount('user', system.accounts));
    await openAccount(page);
    const cookies = await page.context().cookies();
    const stranger = await visitors.openPage();
    await openReady(stranger, '/auth/sign-in');

    const lock = await lockDatabase(path.join(system.dataDir, 'sallyport.db'));
    try {
      const json = demoAccount('vendor', system.accounts);
      const { email, password } = json;
      const refused = await callApi(stranger, '/auth/sign-in/email', { method: 'POST', json: { email, password } });
      expect(refused).toMatchObject({ status: 503, body: { code: 'SP_STORE_UNAVAILABLE' } });
      expect(await stranger.context().cookies()).toEqual([]);
      await submitSignIn(stranger, json);
      await stranger.getByRole('alert').filter({ hasText: 'That isn’t possible right now' }).waitFor();

      // A sign-out that cannot be written must not look like one.
      const signOut = await callApi(page, '/auth/sign-out', { method: 'POST', json: {} });
      expect(signOut).toMatchObject({ status: 503 });
      expect(await page.context().cookies()).toEqual(cookies);
      await openProducts(page);
      await openAccount(page);
      expect(await sessionRows(page).count()).toBeGreaterThan(0);
    } finally {
      await lock.release();
    }
    await expect
      .poll(async () => (await callApi(page, '/auth/session')).status, { timeout: patienceMilliseconds })
      .toBe(200);
    await submitSignIn(stranger, demoAccount('vendor', system.accounts));
    await stranger.waitForURL((url) => url.pathname === '/');
    expect(await isSignedIn(page)).toBe(true);
  });
});
