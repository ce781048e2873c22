import { html } from 'hono/html';
import {
  errorCatalog,
  isErrorCode,
  type OfferedProvider,
  type ProviderSignInAnswer,
  type ProvidersAnswer,
} from '@sallyport/core';
import type { PageAnswer, PageCall } from '../built-in-page.ts';
import { hiddenFields } from '../document/fields.ts';
import { nothing, type Html } from '../document/html.ts';
import { notice } from '../document/notice.ts';
import type { FormFields } from '../forms/read-form.ts';
import { wordsOf } from '../forms/refusal-words.ts';
import type { Refusal } from '../identity/call-identity.ts';

/** Name of the buttons: the value is the identity provider. */
const providerField = 'provider';

/** The identity providers that people can sign in with; none where that cannot be told, since the form still works. */
export async function findProviders({ identity }: PageCall): Promise<readonly OfferedProvider[]> {
  const answer = await identity<ProvidersAnswer>('GET', '/auth/providers');
  return answer.kind === 'done' ? answer.body.providers : [];
}

export interface ProviderButtons {
  /** The page whose form they are. */
  readonly action: string;
  readonly providers: readonly Pick<OfferedProvider, 'id' | 'name'>[];
  /** Values that go along; nothing typed does. */
  readonly carried: Readonly<Record<string, string>>;
  /** @default Continue */
  readonly verb?: 'Continue' | 'Confirm' | 'Connect';
}

/** One button for each provider, in a form of their own. */
export function providerButtons({ action, providers, carried, verb = 'Continue' }: ProviderButtons): Html {
  if (providers.length === 0) return nothing;
  return html`<form class="providers" method="post" action="${action}">
    ${hiddenFields(carried)}
    ${providers.map(
      ({ id, name }) =>
        html`<button
          class="button button-provider"
          type="submit"
          name="${providerField}"
          value="${id}"
          data-pending="Going to ${name}…"
        >
          <span class="provider-mark" aria-hidden="true">${[...name][0] ?? ''}</span>
          <span>${verb} with ${name}</span>
        </button>`,
    )}
  </form>`;
}

/** Between a form and the buttons below it. */
export function providersBelow(buttons: ProviderButtons): Html {
  if (buttons.providers.length === 0) return nothing;
  return html`<p class="or"><span>or</span></p>
    ${providerButtons(buttons)}`;
}

/**
 * Says why the answer of a provider was refused: the callback leads here with the code. What an address says is shown in
 * words of ours alone, since links with any text in them are easily made.
 */
export function providerRefusal({ query, context }: PageCall): Html {
  const code = query('refused');
  if (!isErrorCode(code)) return nothing;
  const { status } = errorCatalog[code];
  const { title, text } = code === 'SP_STEP_UP_REQUIRED' ? secondFactorDue : wordsOf(code, status);
  const quoted = status < 500 ? nothing : html`<p>Request id: <code>${context.requestId}</code></p>`;
  return notice(
    'refused',
    title,
    html`<p>${text}</p>
      ${quoted}`,
  );
}

/** An address alone does not connect an account past its second factor. */
const secondFactorDue = {
  title: 'Your account asks for more than that',
  text: 'Sign in as you did before, with your second step. Then connect the other account in yours.',
};

/** The provider whose button was pressed. */
export function chosenProvider(form: FormFields): string | undefined {
  return form.of(providerField) || undefined;
}

/** What a sign-in with a provider is begun for. */
export interface ProviderRequest {
  readonly provider: string;
  readonly returnTo: string;
  /** @default the route that signs in */
  readonly path?: '/auth/sign-in/provider' | '/auth/step-up/provider' | '/auth/account/providers';
}

/** Begins a sign-in with a provider, and leads to its page; or shows what was refused. */
export async function leaveForProvider(
  call: PageCall,
  { provider, returnTo, path = '/auth/sign-in/provider' }: ProviderRequest,
  refused: (refusal: Refusal) => PageAnswer | Promise<PageAnswer>,
): Promise<PageAnswer> {
  const json = { provider, ...(returnTo === '' ? {} : { returnTo }) };
  const answer = await call.identity<ProviderSignInAnswer>('POST', path, json);
  if (answer.kind === 'refused') return refused(answer.refusal);
  const { location } = answer.body;
  return {
    kind: 'leave',
    to: location,
    cookies: answer.cookies,
    page: {
      title: 'Continue signing in',
      lead: 'We are taking you to the page on which you sign in.',
      content: html`<p><a class="button button-primary" href="${location}" rel="noreferrer">Continue</a></p>`,
    },
  };
}
