import type { MailCatalog } from '../../mail/mail-catalog.ts';

/** Mails of sign-up and of passwords. */
export const passwordMails = {
  'verify-email': {
    texts: {
      en: ({ productName, page }, token) => ({
        subject: `Confirm your email address for ${productName}`,
        paragraphs: [`Welcome to ${productName}. Please confirm that this is your email address.`],
        action: { label: 'Confirm email address', link: page('verifyEmail', token) },
        closing: 'The link works once, for 24 hours. If you did not sign up, you can ignore this message.',
      }),
    },
  },
  'already-registered': {
    texts: {
      en: ({ productName, page }) => ({
        subject: `You already have an account at ${productName}`,
        paragraphs: [
          `Someone, probably you, tried to sign up at ${productName} with this email address, which already has an account.`,
          'You can sign in as usual. If you do not know the password, or never confirmed this address, choose a new password: that does both.',
        ],
        action: { label: 'Choose a new password', link: page('forgotPassword') },
        closing: 'If it was not you, you can ignore this message: nothing has changed.',
      }),
    },
  },
  'reset-password': {
    texts: {
      en: ({ productName, page }, token) => ({
        subject: `Choose a new password for your ${productName} account`,
        paragraphs: ['Someone, probably you, asked for a new password for your account.'],
        action: { label: 'Choose a new password', link: page('resetPassword', token) },
        closing:
          'The link works once, for one hour. If it was not you, you can ignore this message: your password stays as it is.',
      }),
    },
  },
  'password-changed': {
    isAlwaysSent: true,
    texts: {
      en: ({ productName, page }) => ({
        subject: `The password of your ${productName} account was changed`,
        paragraphs: ['The password of your account was changed, and all devices that were signed in are signed out.'],
        action: { label: 'This wasn’t me: choose a new password', link: page('forgotPassword') },
        closing: 'If it was you, there is nothing to do.',
      }),
    },
  },
} as const satisfies MailCatalog;

/** A mail of the catalog. */
export type PasswordMail = keyof typeof passwordMails;
