import { html } from 'hono/html';
import type { PageAnswer } from '../built-in-page.ts';
import type { Refusal } from '../identity/call-identity.ts';
import { showRefusal, wordsOf } from './refusal-words.ts';

/** A page that cannot be shown: what it needs to know was refused. */
export function refusedPage(refusal: Refusal): PageAnswer {
  const { code, status } = refusal;
  return {
    kind: 'page',
    status,
    page: {
      title: wordsOf(code, status).title,
      content: html`${showRefusal(refusal, {}).notice}
        <p><a class="button" href="/">Home</a></p>`,
    },
  };
}
