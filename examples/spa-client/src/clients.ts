import { createBrowserStorage, createClient, type Client } from '@sallyport/client';
import { gateway } from './environment.ts';

/** What was sent, to show that many calls need one refresh. */
export const counts = { calls: 0, refreshes: 0 };

const countingFetch: typeof fetch = (input, init) => {
  const url = input instanceof Request ? input.url : String(input);
  if (url.endsWith('/auth/token/refresh')) counts.refreshes++;
  else if (!url.includes('/auth/')) counts.calls++;
  return fetch(input, init);
};

const options = { gateway, fetch: countingFetch, device: 'Products page' };

/** Two places for the refresh token; the user chooses one with the sign-in. */
export const clients = {
  /** Of this tab alone, until it is reloaded. */
  tab: createClient(options),
  /** Of all tabs, until it ends. */
  browser: createClient({ ...options, storage: createBrowserStorage() }),
} satisfies Readonly<Record<string, Client>>;
