import type { Locator, Page } from 'playwright-core';
import { waitForLink } from './mailbox.ts';
import { sharedSystem } from './shared-system.ts';

/** A row of the list of organizations, on the built-in page and in the account zone. */
export function organizationRow(page: Page, name: string): Locator {
  return page.getByRole('main').getByRole('listitem').filter({ hasText: name });
}

/** The button in the header that says in which organization the page is. */
export function switcher(page: Page, name: string): Locator {
  return page.getByRole('banner').getByRole('button', { name: `Organization: ${name}` });
}

/** Creates an organization by the built-in pages, and works in it. Leaves the browser on its page. */
export async function createOrganization(page: Page, name: string): Promise<void> {
  await page.goto('/auth/my/organizations/new');
  await page.getByLabel('Name').fill(name);
  await page.getByRole('button', { name: 'Create organization' }).click();
  await page.getByRole('heading', { name, level: 1 }).waitFor();
}

/** Follows the newest invitation that was mailed to an address. */
export async function openInvitation(page: Page, email: string): Promise<void> {
  const { pathname, search } = new URL(await waitForLink(sharedSystem.mailbox, email, 'organization-invitation'));
  await page.goto(pathname + search);
  await page.getByRole('heading', { name: /^Join / }).waitFor();
}
