import { html } from 'hono/html';
import type { ConnectedProvider, ConnectedProvidersAnswer } from '@sallyport/core';
import type { PageCall } from '../built-in-page.ts';
import { hiddenFields } from '../document/fields.ts';
import { nothing, type Html } from '../document/html.ts';
import type { IdentityAnswer } from '../identity/call-identity.ts';
import { providerButtons } from './provider-buttons.ts';

/** Identity makes them: a UUID, or the 24 digits of MongoDB. */
const handleForm = /^[A-Za-z0-9-]{1,64}$/;

/** With what else than a password the user signs in; with a password alone where that cannot be told. */
export async function findConnected({ identity }: PageCall): Promise<ConnectedProvidersAnswer> {
  const answer = await identity<ConnectedProvidersAnswer>('GET', '/auth/account/providers');
  return answer.kind === 'done' ? answer.body : { connected: [], available: [], hasPassword: true };
}

/** The accounts elsewhere with which the user signs in, and what else could be connected; nothing where there is neither. */
export function connectedSection({ connected, available }: ConnectedProvidersAnswer, action: string): Html {
  if (connected.length + available.length === 0) return nothing;
  return html`<section class="section">
    <h2>Connected accounts</h2>
    ${
      connected.length === 0
        ? html`<p class="quiet">None. Sign in with an account that you have elsewhere.</p>`
        : html`<ul class="rows">
            ${connected.map((account) => connectedRow(account, action))}
          </ul>`
    }
    ${providerButtons({ action, providers: available, carried: { do: 'connect' }, verb: 'Connect' })}
  </section>`;
}

/** Disconnects an account elsewhere, by its handle. */
export function disconnect({ identity }: PageCall, account: string): Promise<IdentityAnswer<undefined>> {
  return identity('DELETE', `/auth/account/providers/${handleForm.test(account) ? account : 'none'}`);
}

function connectedRow({ id, name, email }: ConnectedProvider, action: string): Html {
  return html`<li>
    <span>${name}${email === undefined ? '' : ` (${email})`}</span>
    <form method="post" action="${action}">
      ${hiddenFields({ do: 'disconnect', account: id })}
      <button class="button button-small" type="submit" data-pending="Disconnecting…" aria-label="Disconnect: ${name}">
        Disconnect
      </button>
    </form>
  </li>`;
}
