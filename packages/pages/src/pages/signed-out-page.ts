import { html } from 'hono/html';
import { toSafeReturnTo } from '@sallyport/core';
import type { CreatePage } from '../built-in-page.ts';
import { wordsOf } from '../forms/refusal-words.ts';
import { attributes } from '../document/html.ts';
import { notice } from '../document/notice.ts';
import { withReturnTo } from './asked-page.ts';

interface Message {
  readonly title: string;
  readonly text: string;
}

const plain: Message = {
  title: 'You’re signed out',
  text: 'You are signed out in this browser. Other devices stay signed in.',
};

/** By the reason in the address; an unknown one gets the plain words. */
const messages: Readonly<Record<string, Message>> = {
  everywhere: { title: 'You’re signed out everywhere', text: 'Every browser and device has to sign in again.' },
  ended: {
    title: 'Your session has ended',
    text: 'It expired, or it was ended on another device, by a new password or by an administrator.',
  },
};

/** Says that the user is signed out, and why. Its form signs out. */
export const createSignedOutPage: CreatePage = ({ pages }) => ({
  name: 'signedOut',
  get(call) {
    const reason = call.query('reason');
    const { title, text } = (Object.hasOwn(messages, reason) ? messages[reason] : undefined) ?? plain;
    const returnTo = call.query('returnTo');
    const signIn = withReturnTo(pages.signIn, returnTo, pages);
    // The script goes there by itself once another tab has signed in.
    const back = reason === 'ended' ? toSafeReturnTo(returnTo, pages) : undefined;
    return {
      kind: 'page',
      page: {
        title,
        lead: text,
        content: html`<div class="buttons">
          <a class="button button-primary" href="${signIn}" ${attributes({ 'data-back': back })}>Sign in again</a>
          <a class="button" href="/">Home</a>
        </div>`,
      },
    };
  },
  async post(call) {
    const answer = await call.identity('POST', '/auth/sign-out', {});
    if (answer.kind === 'done')
      return { kind: 'redirect', to: pages.signedOut, cookies: answer.cookies, news: 'signed-out' };
    const { code, status } = answer.refusal;
    const { title, text } = wordsOf(code, status);
    return {
      kind: 'page',
      status,
      page: {
        title: 'You’re still signed in',
        content: html`${notice('refused', title, text)}
          <form method="post" action="${pages.signedOut}">
            <button class="button button-primary" type="submit" data-pending="Signing out…">Sign out</button>
          </form>`,
      },
    };
  },
});
