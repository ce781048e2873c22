import { createBrowser, type Browser } from './browser.test-support.ts';
import { goodPassword, startHarness, type Harness } from './identity.test-support.ts';

export const email = 'robin@example.test';
/** What the owner of the address types to sign up. */
export const robin = { name: 'Robin Doe', email, password: goodPassword };
/** What the stranger types to sign up with that address. */
export const mallory = { name: 'Mallory', email, password: 'another-violet-kettle-9' };
/** What the owner chooses where a mailed link asks for a name and a password. */
export const chosen = { name: 'Robin', newPassword: 'third-violet-kettle-11' };

/** The owner reads the mail of the address; the stranger knows the address and nothing else. */
export interface AddressClaim {
  readonly harness: Harness;
  readonly owner: Browser;
  /** Another browser of the owner. */
  readonly phone: Browser;
  readonly stranger: Browser;
}

/** Starts identity with no account, and opens the browsers of both. */
export async function startAddressClaim(): Promise<AddressClaim> {
  const harness = await startHarness();
  return {
    harness,
    owner: createBrowser(harness, '203.0.113.7'),
    phone: createBrowser(harness, '203.0.113.8'),
    stranger: createBrowser(harness, '198.51.100.9'),
  };
}
