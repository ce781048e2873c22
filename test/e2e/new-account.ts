import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { callApi } from './call-api.ts';
import { waitForLink } from './mailbox.ts';
import { sharedSystem } from './shared-system.ts';

export interface Account {
  readonly name: string;
  readonly email: string;
  readonly password: string;
}

/** Makes up somebody whom nobody knows yet. */
export function newPerson(name = 'Nora Newcomer'): Account {
  const unique = randomUUID().slice(0, 8);
  return { name, email: `${unique}@example.com`, password: `heron ${unique} basalt orchard` };
}

/** Creates a verified account without the forms, which have tests of their own. */
export async function createAccount(page: Page, mailbox: string = sharedSystem.mailbox): Promise<Account> {
  const person = newPerson();
  await page.goto('/signed-out');
  const signedUp = await callApi(page, '/auth/sign-up/email', { method: 'POST', json: person });
  expect(signedUp).toMatchObject({ status: 200 });
  const link = new URL(await waitForLink(mailbox, person.email, 'verify-email'));
  const json = { token: link.searchParams.get('token') };
  expect(await callApi(page, '/auth/verify-email', { method: 'POST', json })).toMatchObject({ status: 200 });
  return person;
}
