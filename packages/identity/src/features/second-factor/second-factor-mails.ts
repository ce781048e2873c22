import type { MailCatalog } from '../../mail/mail-catalog.ts';

/** Mails that tell the owner of an account what happened to its second factors. */
export const secondFactorMails = {
  'second-factor-added': {
    isAlwaysSent: true,
    texts: {
      en: ({ productName, page }) => ({
        subject: `A two-step verification method was added to your ${productName} account`,
        paragraphs: ['Your account has a new way to get codes. Your password alone is not enough to sign in.'],
        action: { label: 'This wasn’t me: choose a new password', link: page('forgotPassword') },
        closing:
          'If it was you, there is nothing to do. Keep your recovery codes somewhere you can reach without your phone.',
      }),
    },
  },
  'second-factor-removed': {
    isAlwaysSent: true,
    texts: {
      en: ({ productName, page }) => ({
        subject: `A two-step verification method was removed from your ${productName} account`,
        paragraphs: ['Someone who is signed in to your account, probably you, removed a way to get codes.'],
        action: { label: 'This wasn’t me: choose a new password', link: page('forgotPassword') },
        closing: 'If it was you, there is nothing to do.',
      }),
    },
  },
  'second-factor-reset': {
    isAlwaysSent: true,
    texts: {
      en: ({ productName, page }) => ({
        subject: `Two-step verification was reset for your ${productName} account`,
        paragraphs: [
          'An administrator turned off two-step verification for your account and removed its recovery codes. All devices that were signed in are signed out.',
          'Sign in with your password, then set it up again.',
        ],
        action: { label: 'Review security settings', link: page('security') },
        closing: 'If you did not ask for this, contact your administrator right away.',
      }),
    },
  },
  'recovery-codes-made': {
    isAlwaysSent: true,
    texts: {
      en: ({ productName, page }) => ({
        subject: `The recovery codes of your ${productName} account were replaced`,
        paragraphs: [
          'Someone who is signed in to your account, probably you, created new recovery codes. The old ones no longer work.',
        ],
        action: { label: 'This wasn’t me: choose a new password', link: page('forgotPassword') },
        closing: 'If it was you, there is nothing to do.',
      }),
    },
  },
  'recovery-code-used': {
    isAlwaysSent: true,
    texts: {
      en: ({ productName, page }) => ({
        subject: `A recovery code of your ${productName} account was used`,
        paragraphs: ['Someone, probably you, used one of your recovery codes.'],
        action: { label: 'Review security settings', link: page('security') },
        closing: 'If it was not you, choose a new password and create new recovery codes right away.',
      }),
    },
  },
  'codes-guessed': {
    texts: {
      en: ({ productName, page }) => ({
        subject: `Someone knows the password of your ${productName} account`,
        paragraphs: [
          'Someone entered your password and then many wrong codes. They did not get in.',
          'If it was not you, someone else knows your password: choose a new one.',
        ],
        action: { label: 'Choose a new password', link: page('forgotPassword') },
        closing: 'If it was you, wait 15 minutes, or use a recovery code.',
      }),
    },
  },
} as const satisfies MailCatalog;

/** A mail of the catalog. */
export type SecondFactorMail = keyof typeof secondFactorMails;
