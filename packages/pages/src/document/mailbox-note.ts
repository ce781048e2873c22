import { html } from 'hono/html';
import { nothing, type Html } from './html.ts';

/** Says where messages wait that are not sent; nothing where they are. */
export function mailboxNote(url: string | undefined): Html {
  if (url === undefined) return nothing;
  return html`<p class="quiet">
    Messages are not sent here. They wait in <a href="${url}" target="_blank" rel="noreferrer">the mailbox</a>.
  </p>`;
}
