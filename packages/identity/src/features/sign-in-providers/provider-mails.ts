import type { MailCatalog } from '../../mail/mail-catalog.ts';

/** Mails about identity providers. */
export const providerMails = {
  'provider-confirm-address': {
    texts: {
      en: ({ productName, page }, token) => ({
        subject: `Confirm your email address for ${productName}`,
        paragraphs: [
          `Welcome to ${productName}. You signed in with an account elsewhere; please confirm that this is your email address, in the browser in which you did.`,
        ],
        action: { label: 'Confirm email address', link: page('verifyEmail', token) },
        closing: 'The link works once, for 24 hours. If you did not sign up, you can ignore this message.',
      }),
    },
  },
  'provider-address-taken': {
    texts: {
      en: ({ productName, page }) => ({
        subject: `You already have an account at ${productName}`,
        paragraphs: [
          `Someone, probably you, tried to sign in at ${productName} with an account elsewhere that has this email address, which already has an account here.`,
          'Sign in as you did before. Then you can connect the other account on the page about your account.',
        ],
        action: { label: 'Sign in', link: page('signIn') },
        closing: 'If it was not you, you can ignore this message: nothing has changed.',
      }),
    },
  },
  'provider-connected': {
    isAlwaysSent: true,
    texts: {
      en: ({ productName, page }) => ({
        subject: `Another way to sign in to your ${productName} account was connected`,
        paragraphs: ['An account elsewhere was connected to your account: it can be used to sign in from now on.'],
        action: { label: 'Look at your account', link: page('security') },
        closing:
          'If it was not you, disconnect it there and choose a new password. If it was you, there is nothing to do.',
      }),
    },
  },
  'provider-disconnected': {
    isAlwaysSent: true,
    texts: {
      en: ({ productName, page }) => ({
        subject: `A way to sign in to your ${productName} account was disconnected`,
        paragraphs: ['An account elsewhere was disconnected from your account: it does not sign in any more.'],
        action: { label: 'Look at your account', link: page('security') },
        closing: 'If it was not you, choose a new password. If it was you, there is nothing to do.',
      }),
    },
  },
} as const satisfies MailCatalog;

/** A mail of the catalog. */
export type ProviderMail = keyof typeof providerMails;
