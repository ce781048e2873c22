import { html } from 'hono/html';
import type { PageTable } from '@sallyport/core';
import { hiddenField } from './fields.ts';
import type { Html } from './html.ts';

/**
 * The way out, as a link among others.
 *
 * @param returnTo where the next sign-in leads.
 */
export function signOutForm({ signedOut }: Pick<PageTable, 'signedOut'>, returnTo?: string): Html {
  return html`<form class="way-out" method="post" action="${signedOut}">
    ${hiddenField('returnTo', returnTo)}
    <button class="button-link" type="submit" data-pending="Signing out…">Sign out</button>
  </form>`;
}
