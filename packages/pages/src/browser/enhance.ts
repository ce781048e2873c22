/*
 * Makes the built-in pages nicer where scripts run; none of them needs it: forms are sent without a reload, and what was
 * refused is focused. The files of this folder are served as one (../assets/page-script.ts), this one last.
 */

import { carry } from './carried-email.ts';
import { prepareKeep } from './keep-codes.ts';
import { goBackOnceSignedIn } from './other-tabs.ts';
import { prepareLength, prepareReveal } from './password-field.ts';
import { prepareForm } from './send-form.ts';
import { prepareTheme } from './theme.ts';
import { countDown, wait } from './waiting.ts';

/** Prepares what a page brought: once when it was loaded, and again when a form was answered with a page. */
function prepare(root: ParentNode): void {
  keepFragment(root);
  for (const form of root.querySelectorAll<HTMLFormElement>('form:not([data-reload])')) prepareForm(form, prepare);
  for (const button of root.querySelectorAll<HTMLButtonElement>('.reveal')) prepareReveal(button);
  for (const bar of root.querySelectorAll<HTMLElement>('[data-length-of]')) prepareLength(bar);
  for (const time of root.querySelectorAll<HTMLElement>('[data-countdown]')) countDown(time);
  for (const button of root.querySelectorAll<HTMLButtonElement>('[data-wait]'))
    wait(button, Number(button.dataset['wait']));
  for (const button of root.querySelectorAll<HTMLButtonElement>('[data-resend]'))
    wait(button, Number(button.dataset['resend']));
  for (const input of root.querySelectorAll<HTMLInputElement>('[data-carry]')) carry(input);
  for (const button of root.querySelectorAll<HTMLButtonElement>('[data-keep]')) prepareKeep(button);
  for (const link of root.querySelectorAll<HTMLElement>('[data-back]')) goBackOnceSignedIn(link.dataset['back'] ?? '/');
}

/**
 * The part of an address behind `#` reaches no server, and a browser keeps it over the redirect that led here: it belongs to
 * the page that was asked for.
 */
function keepFragment(root: ParentNode): void {
  const { hash } = location;
  // The link that skips to the content has one as well.
  if (hash.length < 2 || document.getElementById(hash.slice(1)) !== null) return;
  for (const input of root.querySelectorAll<HTMLInputElement>('input[name=returnTo]')) {
    if (input.value !== '' && !input.value.includes('#')) input.value += hash;
  }
  for (const link of root.querySelectorAll<HTMLAnchorElement>('a[href*="returnTo="]')) {
    const url = new URL(link.href);
    const returnTo = url.searchParams.get('returnTo') ?? '';
    if (url.origin !== location.origin || returnTo.includes('#')) continue;
    url.searchParams.set('returnTo', returnTo + hash);
    link.href = url.href;
  }
}

for (const button of document.querySelectorAll<HTMLButtonElement>('.theme')) prepareTheme(button);
prepare(document);
// A page that comes back by the back button is still busy, and may belong to a sign-in that is over.
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});
