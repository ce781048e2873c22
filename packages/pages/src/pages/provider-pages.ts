import { html } from 'hono/html';
import type { ShownPage } from '../built-in-page.ts';
import { hiddenFields } from '../document/fields.ts';
import { continuePage } from './continue-page.ts';

/** What the OAuth provider answers people with at its own addresses. */
export type ProviderPage =
  | { readonly kind: 'error'; readonly error: string; readonly description: string; readonly status: number }
  | {
      readonly kind: 'sign-out';
      readonly action: string;
      readonly xsrf: string;
      readonly client: string | undefined;
    }
  | { readonly kind: 'continue'; readonly to: string; readonly client: string };

/** Builds such a page. */
export function toProviderPage(page: ProviderPage): ShownPage {
  switch (page.kind) {
    case 'error':
      return { status: page.status, page: errorPage(page) };
    case 'sign-out':
      return { status: 200, page: signOutPage(page) };
    case 'continue':
      return { status: 200, page: continuePage(page.to, page.client) };
  }
}

function errorPage({ error, description, status }: Extract<ProviderPage, { readonly kind: 'error' }>) {
  const isOurs = status >= 500;
  return {
    title: isOurs ? 'That isn’t possible right now' : 'The app sent a request that cannot be used',
    lead: isOurs
      ? 'Something on our side does not answer. Go back to the app and try again in a moment.'
      : 'Go back to the app and start again. If it happens again, tell the makers of the app what stands below.',
    content: html`<p class="quiet"><code>${error}</code>${description === '' ? '' : html`: ${description}`}</p>
      <p><a class="button" href="/">Home</a></p>`,
  };
}

/** Its forms are sent by the browser: what answers them may lead to another site, where a script could not follow. */
function signOutPage({ action, xsrf, client }: Extract<ProviderPage, { readonly kind: 'sign-out' }>) {
  return {
    title: 'Sign out?',
    lead: `${client ?? 'An app'} asks to sign you out. That ends your sign-in here and in every app that you used it for.`,
    content: html`<div class="buttons">
      <form method="post" action="${action}" data-reload>
        ${hiddenFields({ xsrf, logout: 'yes' })}
        <button class="button button-primary" type="submit" data-pending="Signing out…">Sign out</button>
      </form>
      <form method="post" action="${action}" data-reload>
        ${hiddenFields({ xsrf })}
        <button class="button" type="submit" data-pending="One moment…">Stay signed in</button>
      </form>
    </div>`,
  };
}
