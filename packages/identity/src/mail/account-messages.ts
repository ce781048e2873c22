import type { Message } from '@sallyport/core';
import { escapeHtml } from './escape-html.ts';

/** The messages that identity sends to the owner of an account. */
export interface AccountMessages {
  verifyEmail(to: Recipient, token: string): Message;
  alreadyRegistered(to: Recipient): Message;
  invitation(to: Recipient, token: string): Message;
  resetPassword(to: Recipient, token: string): Message;
  passwordChanged(to: Recipient): Message;
  secondFactorAdded(to: Recipient): Message;
  secondFactorRemoved(to: Recipient): Message;
  secondFactorReset(to: Recipient): Message;
  recoveryCodesMade(to: Recipient): Message;
  recoveryCodeUsed(to: Recipient): Message;
  codesGuessed(to: Recipient): Message;
}

export interface Recipient {
  readonly name: string;
  readonly email: string;
  /** Until the address is verified the name is text from an unknown author to a stranger, and is left out. */
  readonly emailVerified: boolean;
}

interface Letter {
  readonly kind: string;
  readonly subject: string;
  readonly paragraphs: readonly string[];
  readonly action: { readonly label: string; readonly link: string };
  readonly closing: string;
}

/** Builds the messages of a product whose pages live below `publicUrl`. */
export function createAccountMessages(publicUrl: string, productName: string): AccountMessages {
  const origin = new URL(publicUrl).origin;
  const page = (path: string, token?: string): string =>
    `${origin}${path}${token === undefined ? '' : `?token=${encodeURIComponent(token)}`}`;
  const write = (to: Recipient, letter: Letter): Message => toMessage(productName, to, letter);
  return {
    verifyEmail: (to, token) =>
      write(to, {
        kind: 'verify-email',
        subject: `Confirm your email address for ${productName}`,
        paragraphs: [`Welcome to ${productName}. Please confirm that this is your email address.`],
        action: { label: 'Confirm my address', link: page('/verify-email', token) },
        closing: 'The link works once, for 24 hours. If you did not sign up, ignore this message: nothing will happen.',
      }),
    alreadyRegistered: (to) =>
      write(to, {
        kind: 'already-registered',
        subject: `You already have an account at ${productName}`,
        paragraphs: [
          `Somebody, probably you, tried to sign up at ${productName} with this email address, which already has an account.`,
          'You can sign in. If you do not know the password, or never confirmed this address, choose a new password: that does both.',
        ],
        action: { label: 'Choose a new password', link: page('/forgot-password') },
        closing: 'If it was not you, ignore this message: nothing has changed.',
      }),
    invitation: (to, token) =>
      write(to, {
        kind: 'invitation',
        subject: `Your account at ${productName}`,
        paragraphs: [`An account at ${productName} was made for you. Choose a password to sign in.`],
        action: { label: 'Choose a password', link: page('/reset-password', token) },
        closing: 'The link works once, for one hour; afterwards "forgot password" on the sign-in page sends another.',
      }),
    resetPassword: (to, token) =>
      write(to, {
        kind: 'reset-password',
        subject: `Choose a new password for ${productName}`,
        paragraphs: ['Somebody, probably you, asked for a new password for your account.'],
        action: { label: 'Choose a new password', link: page('/reset-password', token) },
        closing:
          'The link works once, for one hour. If it was not you, ignore this message: your password stays as it is.',
      }),
    passwordChanged: (to) =>
      write(to, {
        kind: 'password-changed',
        subject: `Your password for ${productName} was changed`,
        paragraphs: ['The password of your account was changed, and every browser that was signed in is signed out.'],
        action: { label: 'It was not me: choose a new password', link: page('/forgot-password') },
        closing: 'If it was you, there is nothing to do.',
      }),
    secondFactorAdded: (to) =>
      write(to, {
        kind: 'second-factor-added',
        subject: `A second factor was added to your account for ${productName}`,
        paragraphs: ['From now on your password alone no longer opens your account.'],
        action: { label: 'It was not me: choose a new password', link: page('/forgot-password') },
        closing:
          'If it was you, there is nothing to do. Keep your recovery codes where you find them without your phone.',
      }),
    secondFactorRemoved: (to) =>
      write(to, {
        kind: 'second-factor-removed',
        subject: `A second factor was removed from your account for ${productName}`,
        paragraphs: ['Somebody who is signed in to your account, probably you, removed a second factor.'],
        action: { label: 'It was not me: choose a new password', link: page('/forgot-password') },
        closing: 'If it was you, there is nothing to do.',
      }),
    secondFactorReset: (to) =>
      write(to, {
        kind: 'second-factor-reset',
        subject: `Your second factor for ${productName} was reset`,
        paragraphs: [
          'An administrator removed the second factor and the recovery codes of your account, and every browser that was signed in is signed out.',
          'Sign in with your password, then set up a new one.',
        ],
        action: { label: 'Look after my second factor', link: page('/account/security') },
        closing: 'If you did not ask for it, tell your administrator at once.',
      }),
    recoveryCodesMade: (to) =>
      write(to, {
        kind: 'recovery-codes-made',
        subject: `Your recovery codes for ${productName} were replaced`,
        paragraphs: [
          'Somebody who is signed in to your account, probably you, made new recovery codes. The old ones no longer work.',
        ],
        action: { label: 'It was not me: choose a new password', link: page('/forgot-password') },
        closing: 'If it was you, there is nothing to do.',
      }),
    recoveryCodeUsed: (to) =>
      write(to, {
        kind: 'recovery-code-used',
        subject: `A recovery code was used for your account at ${productName}`,
        paragraphs: ['Somebody, probably you, used one of your recovery codes instead of the second factor.'],
        action: { label: 'Look after my second factor', link: page('/account/security') },
        closing: 'If it was not you, choose a new password and new recovery codes at once.',
      }),
    codesGuessed: (to) =>
      write(to, {
        kind: 'codes-guessed',
        subject: `Somebody knows your password for ${productName}`,
        paragraphs: [
          'Somebody got past your password and then typed many wrong codes. They did not get in.',
          'If it was not you, your password is no longer a secret: choose a new one.',
        ],
        action: { label: 'Choose a new password', link: page('/forgot-password') },
        closing: 'If it was you: wait for a quarter of an hour, or use a recovery code.',
      }),
  };
}

function toMessage(productName: string, to: Recipient, letter: Letter): Message {
  const { kind, subject, paragraphs, action, closing } = letter;
  const greeting = to.emailVerified ? `Hello ${to.name},` : 'Hello,';
  const text = [greeting, ...paragraphs, `${action.label}:\n${action.link}`, closing, productName].join('\n\n');
  return {
    to: to.email,
    channel: 'email',
    kind,
    subject,
    text: `${text}\n`,
    html: toHtml(greeting, letter),
    links: [action.link],
  };
}

function toHtml(greeting: string, { subject, paragraphs, action, closing }: Letter): string {
  const link = escapeHtml(action.link);
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width">',
    `<title>${escapeHtml(subject)}</title></head>`,
    '<body style="margin:0;padding:32px 16px;background:#f2f8f5;color:#0c2221;font:16px/1.6 system-ui,-apple-system,Segoe UI,sans-serif">',
    '<div style="max-width:520px;margin:0 auto;padding:32px;background:#fff;border-radius:12px">',
    ...[greeting, ...paragraphs].map((paragraph) => `<p style="margin:0 0 16px">${escapeHtml(paragraph)}</p>`),
    `<p style="margin:24px 0"><a href="${link}" style="display:inline-block;padding:12px 20px;border-radius:8px;background:#0e6257;color:#fff;text-decoration:none;font-weight:600">${escapeHtml(action.label)}</a></p>`,
    `<p style="margin:0 0 16px;color:#4a5f5c;font-size:14px;word-break:break-all">Or copy this address into your browser:<br>${link}</p>`,
    `<p style="margin:0;color:#4a5f5c;font-size:14px">${escapeHtml(closing)}</p>`,
    '</div></body></html>',
  ].join('\n');
}
