import { html } from 'hono/html';
import type { PageContent } from '../document/document.ts';

/** Leads a browser on by itself, and by a link where it does not go by itself. */
export function continuePage(to: string, client: string): PageContent {
  return {
    title: 'One moment',
    lead: `Continuing to ${client}.`,
    continueTo: to,
    content: html`<p><a class="button button-primary" href="${to}">Continue</a></p>`,
  };
}
