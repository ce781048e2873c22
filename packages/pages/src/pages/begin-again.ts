import { html } from 'hono/html';
import type { PageAnswer, PageParts } from '../built-in-page.ts';
import { withReturnTo } from './asked-page.ts';

/** For a sign-in that took too long, was tried too often, or is done. */
export function beginAgain({ pages }: Pick<PageParts, 'pages'>, returnTo: string, status = 200): PageAnswer {
  const signIn = withReturnTo(pages.signIn, returnTo, pages);
  return {
    kind: 'page',
    status,
    page: {
      title: 'Please sign in again',
      lead: 'It took more than ten minutes, there were too many wrong codes, or you are signed in already.',
      content: html`<p><a class="button button-primary" href="${signIn}">Sign in</a></p>`,
    },
  };
}
