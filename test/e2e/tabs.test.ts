import type { BrowserContext, Page, Request } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { openAccount, sessionRows } from './account-page.ts';
import { useVisitors } from './browser.ts';
import { callApi } from './call-api.ts';
import { openReady } from './hydrated-page.ts';
import { createAccount, signInAsNewcomer, signInDirectly, type Account } from './new-account.ts';
import { addButton, openProducts } from './products-page.ts';
import { demoAccount } from './sign-in.ts';

const visitors = useVisitors();
const eventsPath = '/auth/session/events';

describe('four tabs of one browser in the background', () => {
  it('all leave when another browser ends their session', async () => {
    const desk = await visitors.openPage({ userAgent: 'Chrome/140.0.0.0' });
    const account = await signInAsNewcomer(desk);
    const tabs = await openFourTabs(await visitors.open({ userAgent: 'Version/18.0 Safari/604.1' }), account);
    await openAccount(desk);
    const other = sessionRows(desk).filter({ hasNotText: 'This device' });
    await other.getByRole('button', { name: /^Sign out/ }).click();

    await Promise.all(tabs.map((tab) => tab.waitForURL(/\/auth\/signed-out\?reason=ended/)));
    expect(new URL(desk.url()).pathname).toBe('/account');
  });

  it('all show what other roles may do', async () => {
    const context = await visitors.open();
    const account = await createAccount(await context.newPage());
    const tabs = await openFourTabs(context, account);
    for (const tab of tabs) await openProducts(tab);
    const admin = await visitors.openPage();
    await signInDirectly(admin, demoAccount('admin'));
    const { body } = await callApi(tabs[0], '/auth/session');
    const { id } = body['user'] as { readonly id: string };
    for (const tab of tabs) expect(await addButton(tab).count()).toBe(0);
    const changed = await callApi(admin, `/auth/users/${id}/roles`, {
      method: 'PUT',
      json: { roles: ['user', 'vendor'] },
    });
    expect(changed.status).toBeLessThan(300);

    for (const tab of tabs) await addButton(tab).waitFor();
  });

  it('all ask for their data again when one of them confirms who is there', async () => {
    const context = await visitors.open();
    const account = await createAccount(await context.newPage());
    const tabs = await openFourTabs(context, account);
    const others = tabs.slice(1);
    const asked = others.map((tab) => tab.waitForRequest((request) => request.url().includes('_rsc=')));
    const json = { method: 'password', password: account.password };
    // The time of a sign-in is told in whole seconds.
    await tabs[0].waitForTimeout(1100);
    expect(await callApi(tabs[0], '/auth/step-up', { method: 'POST', json })).toMatchObject({ status: 200 });

    await Promise.all(asked);
  });

  it('share one stream, which another tab takes over', async () => {
    const context = await visitors.open();
    const account = await createAccount(await context.newPage());
    const streams: Request[] = [];
    context.on('request', (request) => {
      if (new URL(request.url()).pathname === eventsPath) streams.push(request);
    });
    const tabs = await openFourTabs(context, account);
    const open = (): readonly Request[] => streams.filter((request) => request.failure() === null);
    await expect.poll(() => open().length).toBe(1);
    const leader = tabs.find((tab) => tab.mainFrame() === open()[0]?.frame());
    await leader?.close();

    await expect.poll(() => streams.length).toBeGreaterThan(1);
    const left = tabs.filter((tab) => tab !== leader);
    expect(left).toHaveLength(3);
    await callApi(left[0] as Page, '/auth/sessions/revoke-all', { method: 'POST', json: {} });
    await Promise.all(left.map((tab) => tab.waitForURL(/\/auth\/signed-out\?reason=ended/)));
  });
});

/** Signs in, and opens pages of the shell and of the zone. */
async function openFourTabs(context: BrowserContext, account: Account): Promise<readonly [Page, Page, Page, Page]> {
  const tabs = [
    await context.newPage(),
    await context.newPage(),
    await context.newPage(),
    await context.newPage(),
  ] as const;
  await signInDirectly(tabs[0], account);
  await openProducts(tabs[0]);
  await openReady(tabs[1], '/');
  await openAccount(tabs[2]);
  await openReady(tabs[3], '/account/security');
  return tabs;
}
