import type { CodeMethod, FactorMethod } from '@sallyport/core';

/** What people are told of a way to get a code. */
export interface MethodWords {
  readonly name: string;
  readonly label: string;
  readonly hint: string;
}

/** The words for each way to get a code. */
export const methodWords: Readonly<Record<CodeMethod, MethodWords>> = {
  totp: {
    name: 'Authenticator app',
    label: 'Code from your authenticator app',
    hint: 'Six digits, new every 30 seconds.',
  },
  email: { name: 'Code by email', label: 'Code from the email', hint: 'Six digits. The code works for ten minutes.' },
  sms: {
    name: 'Code by text message',
    label: 'Code from the text message',
    hint: 'Six digits. The code works for ten minutes.',
  },
  'recovery-code': {
    name: 'Recovery code',
    label: 'Recovery code',
    hint: 'One of the codes that you saved. Each works once.',
  },
};

/** What people are told of a kind of factor before they set it up. */
export const factorWords: Readonly<Record<FactorMethod, string>> = {
  totp: 'An app on your phone or your password manager shows a new code every 30 seconds. It needs no network.',
  email: 'We email you a code. It protects less than an app: a person who reads your mail gets in.',
  sms: 'We text you a code. It protects less than an app: a phone number can be taken over.',
};
