import { html } from 'hono/html';
import { errorCatalog, isErrorCode } from '@sallyport/core';
import type { CreatePage } from '../built-in-page.ts';
import { wordsOf } from '../forms/refusal-words.ts';

/** Says what a code of the catalog means, in the words for people. An unknown one is not repeated. */
export const createErrorPage: CreatePage = ({ pages }) => ({
  name: 'error',
  get(call) {
    const code = call.query('code');
    const known = isErrorCode(code) ? code : 'SP_INTERNAL';
    const { title, text } = wordsOf(known, errorCatalog[known].status);
    return {
      kind: 'page',
      page: {
        title,
        lead: text,
        content: html`<div class="buttons">
            <a class="button button-primary" href="/">Home</a>
            <a class="button" href="${pages.signIn}">Sign in</a>
          </div>
          ${isErrorCode(code) ? html`<p class="quiet">Code: <code>${code}</code></p>` : ''}`,
      },
    };
  },
});
