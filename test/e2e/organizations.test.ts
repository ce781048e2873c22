import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { useVisitors } from './browser.ts';
import { callApi } from './call-api.ts';
import { openReady } from './hydrated-page.ts';
import { waitForLink } from './mailbox.ts';
import { createAccount, signInAsNewcomer } from './new-account.ts';
import { createOrganization, openInvitation, organizationRow, switcher } from './organization-pages.ts';
import { sharedSystem } from './shared-system.ts';

const visitors = useVisitors();

describe('organizations', () => {
  it('are made, and others invited into them, without script', async () => {
    const owner = await visitors.openPage();
    await signInAsNewcomer(owner);
    const cookies = await owner.context().cookies();
    const plain = await visitors.openPage({ javaScriptEnabled: false });
    await plain.context().addCookies(cookies);
    await createOrganization(plain, 'Heron Works');
    await plain.getByText('You work in it now.').waitFor();

    const guest = await visitors.openPage({ javaScriptEnabled: false });
    const account = await createAccount(owner);
    await plain.getByLabel('Email address').fill(account.email);
    await plain.getByRole('button', { name: 'Send invitation' }).click();
    await plain.getByText('The invitation is on its way').waitFor();
    await openInvitation(guest, account.email);
    // The token is in no address, and so in no history.
    expect(new URL(guest.url()).search).toBe('');
    await guest.getByRole('link', { name: 'Sign in' }).click();
    expect(await guest.getByLabel('Email address').inputValue()).toBe(account.email);
    await guest.getByLabel('Password', { exact: true }).fill(account.password);
    await guest.getByRole('button', { name: 'Sign in', exact: true }).click();
    await guest.getByRole('button', { name: 'Accept invitation' }).click();
    await guest.getByText('You have joined the organization').waitFor();
    await organizationRow(guest, 'Heron Works').getByText('Active').waitFor();

    await plain.reload();
    const change = organizationRow(plain, account.email).getByRole('link', { name: `Change: ${account.name}` });
    await change.click();
    await plain.getByRole('link', { name: 'Remove from organization' }).click();
    await plain.getByRole('link', { name: 'Cancel' }).click();
    await change.click();
    await plain.getByRole('link', { name: 'Remove from organization' }).click();
    await plain.getByRole('button', { name: 'Remove' }).click();
    await plain.getByText('The member is removed').waitFor();
    await guest.reload();
    await guest.getByText('You belong to none.').waitFor();
  });

  it('are switched in every open tab of every zone, and end in them with the membership', async () => {
    const context = await visitors.open();
    const [built, shell, zone] = [await context.newPage(), await context.newPage(), await context.newPage()];
    await signInAsNewcomer(built);
    await createOrganization(built, 'Egret Yard');
    await createOrganization(built, 'Osprey Mill');
    await openReady(shell, '/');
    await openReady(zone, '/account/organizations');
    for (const tab of [shell, zone]) await switcher(tab, 'Osprey Mill').waitFor();

    await organizationRow(zone, 'Egret Yard').getByRole('button', { name: 'Switch to Egret Yard' }).click();
    const at = Date.now();
    await Promise.all([shell, zone].map((tab) => switcher(tab, 'Egret Yard').waitFor()));
    await organizationRow(zone, 'Egret Yard').getByText('Active').waitFor();
    expect(Date.now() - at).toBeLessThan(5000);

    await switcher(shell, 'Egret Yard').click();
    await shell.locator('#organization-menu').getByRole('button', { name: 'Osprey Mill' }).click();
    await Promise.all([shell, zone].map((tab) => switcher(tab, 'Osprey Mill').waitFor()));
    await built.goto('/auth/my/organizations');
    await organizationRow(built, 'Osprey Mill').getByText('Active').waitFor();

    // Its last owner cannot leave it.
    expect(await deleteOrganization(built, 'Osprey Mill')).toMatchObject({ status: 204 });
    await Promise.all([shell, zone].map((tab) => switcher(tab, 'Osprey Mill').waitFor({ state: 'detached' })));
  });

  it('are accepted by the invited account alone, and never by a visit', async () => {
    const owner = await visitors.openPage();
    await signInAsNewcomer(owner);
    await createOrganization(owner, 'Bittern Hall');
    const account = await createAccount(await visitors.openPage());
    await openOrganization(owner, 'Bittern Hall');
    await owner.getByLabel('Email address').fill(account.email);
    await owner.getByRole('button', { name: 'Send invitation' }).click();
    await owner.getByText('The invitation is on its way').waitFor();
    const link = await waitForLink(sharedSystem.mailbox, account.email, 'organization-invitation');

    const other = await visitors.openPage();
    await signInAsNewcomer(other);
    for (let visit = 0; visit < 2; visit += 1) await other.goto(new URL(link).pathname + new URL(link).search);
    await other.getByText('You are signed in with another account.').waitFor();
    expect(await other.getByRole('button', { name: 'Accept invitation' }).count()).toBe(0);
    await other.getByRole('button', { name: 'Decline the invitation' }).click();
    await other.getByRole('heading', { name: 'You declined the invitation' }).waitFor();
    await other.goto(new URL(link).pathname + new URL(link).search);
    await other.getByRole('heading', { name: 'This invitation doesn’t work any more' }).waitFor();
  });
});

async function openOrganization(page: Page, name: string): Promise<void> {
  await page.goto('/auth/my/organizations');
  await page.getByRole('link', { name }).click();
  await page.getByRole('heading', { name, level: 1 }).waitFor();
}

async function deleteOrganization(page: Page, name: string) {
  const { body } = await callApi(page, '/auth/organizations');
  const organizations = body['organizations'] as readonly { readonly id: string; readonly name: string }[];
  const id = organizations.find((one) => one.name === name)?.id ?? 'none';
  return callApi(page, `/auth/organizations/${id}`, { method: 'DELETE' });
}
