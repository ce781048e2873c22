import { html } from 'hono/html';
import type { ConnectedApp, ConnectedAppsAnswer, ConnectedSignIn } from '@sallyport/core';
import type { PageCall } from '../built-in-page.ts';
import { hiddenFields } from '../document/fields.ts';
import { nothing, type Html } from '../document/html.ts';
import type { IdentityAnswer } from '../identity/call-identity.ts';

const clientIdForm = /^[\w-]{1,64}$/;

/**
 * The OAuth clients of others that act for the user: those that act by themselves apart from those that the user uses. Nothing
 * where there are none, or no provider.
 */
export async function appsSection(call: PageCall, action: string): Promise<Html> {
  const answer = await call.identity<ConnectedAppsAnswer>('GET', '/auth/account/apps');
  if (answer.kind === 'refused') return nothing;
  const { apps } = answer.body;
  const isAgent = ({ kind }: ConnectedApp): boolean => kind === 'agent';
  return html`${listOf(
    'Agents',
    'Programs that act for you by themselves. Each ends with the sign-in that it works in.',
    apps.filter(isAgent),
    action,
  )}
  ${listOf(
    'Apps with access',
    'Apps of others that you let in. They lose access when you sign out, and on another device when you end it there.',
    apps.filter((app) => !isAgent(app)),
    action,
  )}`;
}

/** Takes everything back from a client, by its id. */
export function withdrawAccess({ identity }: PageCall, app: string): Promise<IdentityAnswer<undefined>> {
  return identity('DELETE', `/auth/account/apps/${clientIdForm.test(app) ? app : 'none'}`);
}

function listOf(title: string, lead: string, apps: readonly ConnectedApp[], action: string): Html {
  if (apps.length === 0) return nothing;
  return html`<section class="section">
    <h2>${title}</h2>
    <p class="quiet">${lead}</p>
    <ul class="rows">
      ${apps.map((app) => appRow(app, action))}
    </ul>
  </section>`;
}

function appRow({ clientId, name, host, scopes, allowedAt, lastUsedAt, signIns }: ConnectedApp, action: string): Html {
  return html`<li>
    <span>
      <strong>${name}</strong
      >${host === undefined || host === name ? nothing : html` <span class="quiet">at ${host}</span>`}<br />
      ${scopes.map(({ description }) => description).join('; ')}<br />
      <span class="quiet">Since ${dayOf(allowedAt)}, ${lastUse(lastUsedAt)}</span>
      ${signIns.map((signIn) => html`<br /><span class="quiet">${signInWords(signIn)}</span>`)}
    </span>
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

function signInWords({ device, signedInAt, isCurrent, through }: ConnectedSignIn): Html {
  const here = isCurrent ? ' (this device)' : '';
  return html`By your sign-in on ${device},
  ${dayOf(signedInAt)}${here}${through === undefined ? '' : `, through ${through}`}`;
}

function dayOf(time: string): Html {
  return html`<time datetime="${time}">${time.slice(0, 10)}</time>`;
}

function lastUse(time: string | null): Html {
  if (time === null) return html`not used yet`;
  return html`last used <time datetime="${time}">${time.slice(0, 16).replace('T', ' ')} UTC</time>`;
}
