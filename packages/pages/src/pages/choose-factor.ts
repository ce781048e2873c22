import { html } from 'hono/html';
import { pageUrl, type FactorMethod, type PageTable } from '@sallyport/core';
import type { PageContent } from '../document/document.ts';
import { hiddenFields, submitButton, textField } from '../document/fields.ts';
import type { Html } from '../document/html.ts';
import { factorWords, methodWords } from '../forms/method-words.ts';
import type { ShownRefusal } from '../forms/refusal-words.ts';
import { askedPage, withReturnTo } from './asked-page.ts';

export interface FactorChoice {
  readonly pages: PageTable;
  readonly methods: readonly FactorMethod[];
  readonly isSignIn: boolean;
  /** What was chosen already. Only a phone number has to be typed before it can begin. */
  readonly method: string;
  readonly returnTo: string;
  readonly shown: ShownRefusal;
  readonly typedNumber: string;
}

/** Offers what can be set up. Each choice is a form: it begins something. */
export function chooseFactor(choice: FactorChoice): PageContent {
  const { methods, isSignIn, method, shown, pages, returnTo } = choice;
  const heading = {
    title: 'Set up two-step verification',
    lead: isSignIn
      ? 'Your account needs extra protection: a code in addition to your password.'
      : 'Extra protection for your account: a code in addition to your password.',
  };
  if (method === 'sms' && methods.includes('sms'))
    return {
      ...heading,
      content: html`${shown.notice}${numberForm(choice)}`,
      aside: html`<p>
        <a href="${withReturnTo(pages.secondFactorSetUp, returnTo, pages)}">Choose another way</a>
      </p>`,
    };
  const ways = methods.map((one) => html`<li>${one === 'sms' ? phoneLink(choice) : beginForm(choice, one)}</li>`);
  return {
    ...heading,
    content: html`${shown.notice}
      <ul class="choices">
        ${ways}
      </ul>`,
  };
}

function beginForm({ pages, returnTo }: FactorChoice, method: FactorMethod): Html {
  return html`<form method="post" action="${pages.secondFactorSetUp}">
    ${hiddenFields({ method, returnTo: askedPage(returnTo, pages) })}
    <button class="choice" type="submit">${describe(method)}</button>
  </form>`;
}

function phoneLink({ pages, returnTo }: FactorChoice): Html {
  const to = pageUrl(pages.secondFactorSetUp, { method: 'sms', returnTo: askedPage(returnTo, pages) });
  return html`<a class="choice button" href="${to}">${describe('sms')}</a>`;
}

function describe(method: FactorMethod): Html {
  return html`<strong>${methodWords[method].name}</strong> <span>${factorWords[method]}</span>`;
}

function numberForm({ pages, returnTo, shown, typedNumber }: FactorChoice): Html {
  return html`<form method="post" action="${pages.secondFactorSetUp}">
    ${hiddenFields({ method: 'sms', returnTo: askedPage(returnTo, pages) })}
    ${textField({
      name: 'number',
      label: 'Phone number',
      type: 'tel',
      autocomplete: 'tel',
      value: typedNumber,
      hint: 'With your country code, such as +49 151 23456789. Your carrier may charge for the message.',
      error: shown.errorOf('number'),
      takesFocus: true,
      whenEmpty: 'Enter your phone number.',
    })}
    ${submitButton({ label: 'Send a code', pending: 'Sending…', waitSeconds: shown.waitSeconds })}
  </form>`;
}
