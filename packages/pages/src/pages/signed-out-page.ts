import { html } from 'hono/html';
import { toSafeReturnTo, type PageTable, type SessionAnswer } from '@sallyport/core';
import type { CreatePage, PageCall } from '../built-in-page.ts';
import type { PageContent } from '../document/document.ts';
import { hiddenFields } from '../document/fields.ts';
import type { Html } from '../document/html.ts';
import { wordsOf } from '../forms/refusal-words.ts';
import { attributes } from '../document/html.ts';
import { notice } from '../document/notice.ts';
import { askedPage, withReturnTo } from './asked-page.ts';

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

/** Says that the user is signed out, and why, or that this is not so. Its form signs out. */
export const createSignedOutPage: CreatePage = ({ pages }) => ({
  name: 'signedOut',
  async get(call) {
    const name = await findSignedIn(call);
    if (name !== undefined) return { kind: 'page', page: stillSignedIn(pages, name, call.query('returnTo')) };
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
  async post(call, form) {
    const returnTo = form.of('returnTo');
    const answer = await call.identity('POST', '/auth/sign-out', {});
    if (answer.kind === 'done') {
      const to = withReturnTo(pages.signedOut, returnTo, pages);
      return { kind: 'redirect', to, cookies: answer.cookies, news: 'signed-out' };
    }
    const { code, status } = answer.refusal;
    const { title, text } = wordsOf(code, status);
    return {
      kind: 'page',
      status,
      page: {
        title: 'You’re still signed in',
        content: html`${notice('refused', title, text)} ${signOutButton(pages, returnTo)}`,
      },
    };
  },
});

/**
 * The name of the user who is signed in. One whose session cannot be read now may be signed in: nothing else is
 * said before it is known.
 */
async function findSignedIn({ context, identity }: PageCall): Promise<string | undefined> {
  if (context.caller.kind === 'anonymous') return undefined;
  const answer = await identity<SessionAnswer>('GET', '/auth/session');
  if (answer.kind === 'refused') return '';
  return answer.body.status === 'signed-in' ? answer.body.user.name : undefined;
}

/** A visit ends no session: a page of another site could cause it. */
function stillSignedIn(pages: PageTable, name: string, returnTo: string): PageContent {
  return {
    title: 'You’re still signed in',
    lead: name === '' ? 'You are signed in in this browser.' : `You are signed in as ${name}.`,
    content: signOutButton(pages, returnTo),
    aside: html`<p><a href="${toSafeReturnTo(returnTo, pages)}">Stay signed in</a></p>`,
  };
}

function signOutButton(pages: PageTable, returnTo: string): Html {
  return html`<form method="post" action="${pages.signedOut}">
    ${hiddenFields({ returnTo: askedPage(returnTo, pages) })}
    <button class="button button-primary" type="submit" data-pending="Signing out…">Sign out</button>
  </form>`;
}
