import { html } from 'hono/html';
import type { ErrorCode } from '@sallyport/core';
import { nothing, type Html } from '../document/html.ts';
import { notice } from '../document/notice.ts';
import type { Refusal } from '../identity/call-identity.ts';
import { waitingTime } from './waiting-time.ts';

/** What people are told of a refusal. */
export interface Words {
  readonly title: string;
  readonly text: string;
}

/** The catalog speaks to developers; these are for the people who fill in a form. */
const words: Readonly<Partial<Record<ErrorCode, Words>>> = {
  SP_CREDENTIALS_INVALID: {
    title: 'That email and password don’t match',
    text: 'Check both and try again, or reset your password.',
  },
  SP_EMAIL_UNVERIFIED: {
    title: 'Confirm your email address first',
    text: 'Open the link in the email that we sent you, then sign in.',
  },
  SP_TOO_MANY_SESSIONS: {
    title: 'You are signed in on too many devices',
    text: 'Sign out on another device, then try again.',
  },
  SP_LINK_INVALID: {
    title: 'This link doesn’t work any more',
    text: 'It was used already, or it has expired. You can ask for a new one.',
  },
  SP_SIGN_IN_EXPIRED: {
    title: 'Please sign in again',
    text: 'It took too long, or there were too many wrong codes.',
  },
  SP_PROVIDER_FLOW_INVALID: {
    title: 'That sign-in is no longer valid',
    text: 'It took too long, was finished already, or was begun in another browser. Please begin again.',
  },
  SP_PROVIDER_CANCELLED: {
    title: 'You cancelled the sign-in',
    text: 'Nothing was changed. You can begin again, or sign in another way.',
  },
  SP_PROVIDER_UNTRUSTED: {
    title: 'We couldn’t accept that sign-in',
    text: 'The answer of the other site could not be trusted. Please begin again; if it goes on, ask for help.',
  },
  SP_PROVIDER_NOT_FRESH: {
    title: 'That didn’t confirm that it’s you',
    text: 'The other site doesn’t say when you signed in there. Use your password, or choose one by email.',
  },
  SP_PROVIDER_EMAIL_MISSING: {
    title: 'Your email address wasn’t shared',
    text: 'An account here needs one. Begin again, and allow it to be shared.',
  },
  SP_PROVIDER_SIGN_UP_OFF: {
    title: 'There is no account for you yet',
    text: 'Sign in another way and connect this one in your account, or ask an administrator for an account.',
  },
  SP_PROVIDER_CONNECTED_ELSEWHERE: {
    title: 'That is connected to another account',
    text: 'Sign in to that account, or disconnect it there first.',
  },
  SP_PROVIDER_UNAVAILABLE: {
    title: 'The other site doesn’t answer',
    text: 'Try again in a moment, or sign in another way.',
  },
  SP_ACCOUNT_DISABLED: {
    title: 'This account can’t sign in',
    text: 'Ask an administrator.',
  },
  SP_LAST_SIGN_IN_METHOD: {
    title: 'This is the last way to sign in to your account',
    text: 'Choose a password or connect another provider first.',
  },
  SP_FORBIDDEN: {
    title: 'You don’t have access to this page',
    text: 'If you think that you should, ask an administrator.',
  },
  SP_NOT_FOUND: {
    title: 'Page not found',
    text: 'The page may have moved, or there is a typo in the address.',
  },
  SP_CROSS_SITE_REQUEST: {
    title: 'This came from another site',
    text: 'For your security we stopped it. If it was you, do it from our own pages.',
  },
  SP_SECOND_FACTOR_DEMANDED: {
    title: 'Your account must have two-step verification',
    text: 'Add another way first, then remove this one.',
  },
  SP_LAST_OWNER: {
    title: 'This is the last owner',
    text: 'Make another member an owner first, or delete the organization.',
  },
  SP_AUTHORITY_EXCEEDED: {
    title: 'That is more than you may give',
    text: 'You can give roles to others whose permissions you hold yourself, and none to yourself.',
  },
  SP_CONFLICT: {
    title: 'Something changed in the meantime',
    text: 'Please try again.',
  },
  SP_BODY_TOO_LARGE: { title: 'That is too long', text: 'Please enter less text.' },
};

const notNow: Words = {
  title: 'That isn’t possible right now',
  text: 'Something on our side does not answer. Please try again in a moment.',
};

const ofOurs: Words = { title: 'Something went wrong on our side', text: 'Please try again in a moment.' };

const ofTheCaller: Words = { title: 'That didn’t work', text: 'Please go back and try again.' };

/** What to say about a code of the catalog. */
export function wordsOf(code: ErrorCode, status: number): Words {
  return words[code] ?? (status === 503 ? notNow : status >= 500 ? ofOurs : ofTheCaller);
}

/** Codes that say which field is wrong, by the field and what to say there. */
const fieldWords: Readonly<Partial<Record<ErrorCode, { readonly field: string; readonly sentence: string }>>> = {
  SP_CODE_INVALID: { field: 'code', sentence: 'That code isn’t right, or it has expired. Use the newest one.' },
  SP_PASSWORD_WRONG: { field: 'password', sentence: 'That password isn’t right.' },
};

/** A refused form: what stands above it, and what beside its fields. */
export interface ShownRefusal {
  readonly notice: Html;
  readonly waitSeconds: number | undefined;
  /** Whether a field says it already. */
  readonly isAtField: boolean;
  errorOf(field: string): string | undefined;
}

/** Nothing was refused. */
export const noRefusal: ShownRefusal = {
  notice: nothing,
  waitSeconds: undefined,
  isAtField: false,
  errorOf: () => undefined,
};

/**
 * Says why a form was refused.
 *
 * @param labels of its fields, as the page names them.
 */
export function showRefusal(refusal: Refusal, labels: Readonly<Record<string, string>>): ShownRefusal {
  const errors = new Map(
    (refusal.errors ?? []).flatMap(({ field, message }) => {
      const label = labels[field];
      return label === undefined ? [] : [[field, toSentence(label, message)] as const];
    }),
  );
  const atField = fieldWords[refusal.code];
  if (atField !== undefined && labels[atField.field] !== undefined) errors.set(atField.field, atField.sentence);
  const waitSeconds = refusal.status === 429 ? refusal.retryAfterSeconds : undefined;
  return {
    notice: errors.size > 0 ? nothing : noticeOf(refusal, waitSeconds),
    waitSeconds,
    isAtField: errors.size > 0,
    errorOf: (field) => errors.get(field),
  };
}

function noticeOf(refusal: Refusal, waitSeconds: number | undefined): Html {
  if (waitSeconds !== undefined)
    return notice(
      'refused',
      'Too many attempts',
      html`<p>Try again in <span data-countdown="${waitSeconds}">${waitingTime(waitSeconds)}</span>.</p>`,
    );
  const { status, requestId } = refusal;
  const { title, text } = conflictOf(refusal) ?? wordsOf(refusal.code, status);
  const quoted = status < 500 ? nothing : html`<p>Request id: <code>${requestId}</code></p>`;
  return notice(
    'refused',
    title,
    html`<p>${text}</p>
      ${quoted}`,
  );
}

/** What an organization cannot have or be, where identity says it of no field of the form. */
function conflictOf({ code, errors = [] }: Refusal): Words | undefined {
  const found = code === 'SP_CONFLICT' ? errors.find(({ field }) => field === 'organization') : undefined;
  return found === undefined
    ? undefined
    : { title: 'That isn’t possible', text: toSentence('The organization', found.message) };
}

/** Identity says "must not be empty", so that the name of the field can stand before it. */
function toSentence(label: string, message: string): string {
  const sentence = /^[a-z]/.test(message) ? `${label} ${message}` : message;
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
