import type { Client } from '@sallyport/client';
import { clients } from './clients.ts';
import { gateway } from './environment.ts';
import { explainError } from './explain-error.ts';
import { find, say, show } from './page.ts';
import { createProductsView } from './products-view.ts';
import { bindSignIn } from './sign-in-view.ts';

find('own-origin', HTMLElement).textContent = location.origin;
find('gateway-origin', HTMLElement).textContent = gateway;

const products = createProductsView();
bindSignIn();

/** Whose list is shown. */
let active: Client | undefined;
for (const client of [clients.tab, clients.browser])
  // Here, or in another tab.
  client.subscribe((change) => {
    if (change.status === 'signed-in') {
      active = client;
      products.open(client);
    } else if (active === client || active === undefined) {
      active = undefined;
      show('sign-in');
      say(change.reason === 'ended' ? 'Your sign-in has ended. Sign in again.' : 'You are signed out.');
    }
  });

try {
  if ((await clients.browser.restore()) === 'signed-out') say('');
} catch (error) {
  show('sign-in');
  say(explainError(error), true);
}
