import { html } from 'hono/html';
import type { ConnectedApp, ConnectedAppsAnswer } from '@sallyport/core';
import type { PageCall } from '../built-in-page.ts';
import { hiddenFields } from '../document/fields.ts';
import { nothing, type Html } from '../document/html.ts';
import type { IdentityAnswer } from '../identity/call-identity.ts';

const clientIdForm = /^[\w-]{1,64}$/;

/** The OAuth clients of others that the user let in; nothing where there are none, or no provider. */
export async function appsSection(call: PageCall, action: string): Promise<Html> {
  const answer = await call.identity<ConnectedAppsAnswer>('GET', '/auth/account/apps');
  if (answer.kind === 'refused' || answer.body.apps.length === 0) return nothing;
  return html`<section class="section">
    <h2>Apps with access</h2>
    <p class="quiet">Apps of others that you let in. They lose access when you sign out.</p>
    <ul class="rows">
      ${answer.body.apps.map((app) => appRow(app, action))}
    </ul>
  </section>`;
}

/** Takes everything back from a client, by its id. */
export function withdrawAccess({ identity }: PageCall, app: string): Promise<IdentityAnswer<undefined>> {
  return identity('DELETE', `/auth/account/apps/${clientIdForm.test(app) ? app : 'none'}`);
}

function appRow({ clientId, name, scopes }: ConnectedApp, action: string): Html {
  return html`<li>
    <span>${name} <span class="quiet">(${scopes.map(({ description }) => description).join('; ')})</span></span>
    <form method="post" action="${action}">
      ${hiddenFields({ do: 'withdraw', app: clientId })}
      <button
        class="button button-small"
        type="submit"
        data-pending="Removing…"
        aria-label="Remove the access of ${name}"
      >
        Remove
      </button>
    </form>
  </li>`;
}
