import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { callApi } from './call-api.ts';
import { waitForLink } from './mailbox.ts';
import { sharedSystem } from './shared-system.ts';
import type { Credentials } from './sign-in.ts';

export interface Account {
  readonly name: string;
  readonly email: string;
  readonly password: string;
}

/** Makes up a user without an account. */
export function newPerson(name = 'Nora Newcomer'): Account {
  const unique = randomUUID().slice(0, 8);
  return { name, email: `${unique}@example.com`, password: `heron ${unique} basalt orchard` };
}

/** Creates a verified account without the forms, which have tests of their own. Leaves the page on a plain answer. */
export async function createAccount(page: Page, mailbox: string = sharedSystem.mailbox): Promise<Account> {
  const person = newPerson();
  await page.goto('/healthz');
  const signedUp = await callApi(page, '/auth/sign-up/email', { method: 'POST', json: person });
  expect(signedUp).toMatchObject({ status: 200 });
  const link = new URL(await waitForLink(mailbox, person.email, 'verify-email'));
  const json = { token: link.searchParams.get('token') };
  expect(await callApi(page, '/auth/verify-email', { method: 'POST', json })).toMatchObject({ status: 200 });
  return person;
}

/** Creates an account and signs in to it. */
export async function signInAsNewcomer(page: Page, mailbox?: string): Promise<Account> {
  const account = await createAccount(page, mailbox);
  await signInDirectly(page, account);
  return account;
}

/** Signs in without the form. Leaves the page on a plain answer. */
export async function signInDirectly(page: Page, { email, password }: Credentials): Promise<void> {
  await page.goto('/healthz');
  const answer = await callApi(page, '/auth/sign-in/email', { method: 'POST', json: { email, password } });
  expect(answer).toMatchObject({ status: 200 });
}
