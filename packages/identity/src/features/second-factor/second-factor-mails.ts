import type { MailCatalog } from '../../mail/mail-catalog.ts';

/** Mails that tell the owner of an account what happened to its second factors. */
export const secondFactorMails = {
  'second-factor-added': {
    isAlwaysSent: true,
    texts: {
      en: ({ productName, page }) => ({
        subject: `A second factor was added to your account for ${productName}`,
        paragraphs: ['From now on, your password alone is no longer enough to sign in.'],
        action: { label: 'This wasn’t me: choose a new password', link: page('/forgot-password') },
        closing:
          'If it was you, there is nothing to do. Keep your recovery codes somewhere you can reach without your phone.',
      }),
    },
  },
  'second-factor-removed': {
    isAlwaysSent: true,
    texts: {
      en: ({ productName, page }) => ({
        subject: `A second factor was removed from your account for ${productName}`,
        paragraphs: ['Someone who is signed in to your account, probably you, removed a second factor.'],
        action: { label: 'This wasn’t me: choose a new password', link: page('/forgot-password') },
        closing: 'If it was you, there is nothing to do.',
      }),
    },
  },
  'second-factor-reset': {
    isAlwaysSent: true,
    texts: {
      en: ({ productName, page }) => ({
        subject: `Your second factor for ${productName} was reset`,
        paragraphs: [
          'An administrator removed the second factor and the recovery codes of your account, and all devices that were signed in are signed out.',
          'Sign in with your password, then set up a new one.',
        ],
        action: { label: 'Review security settings', link: page('/account/security') },
        closing: 'If you did not ask for this, contact your administrator right away.',
      }),
    },
  },
  'recovery-codes-made': {
    isAlwaysSent: true,
    texts: {
      en: ({ productName, page }) => ({
        subject: `Your recovery codes for ${productName} were replaced`,
        paragraphs: [
          'Someone who is signed in to your account, probably you, created new recovery codes. The old ones no longer work.',
        ],
        action: { label: 'This wasn’t me: choose a new password', link: page('/forgot-password') },
        closing: 'If it was you, there is nothing to do.',
      }),
    },
  },
  'recovery-code-used': {
    isAlwaysSent: true,
    texts: {
      en: ({ productName, page }) => ({
        subject: `A recovery code was used for your account at ${productName}`,
        paragraphs: ['Someone, probably you, used one of your recovery codes instead of the second factor.'],
        action: { label: 'Review security settings', link: page('/account/security') },
        closing: 'If it was not you, choose a new password and create new recovery codes right away.',
      }),
    },
  },
  'codes-guessed': {
    texts: {
      en: ({ productName, page }) => ({
        subject: `Someone knows your password for ${productName}`,
        paragraphs: [
          'Someone entered your password and then many wrong codes. They did not get in.',
          'If it was not you, someone else knows your password: choose a new one.',
        ],
        action: { label: 'Choose a new password', link: page('/forgot-password') },
        closing: 'If it was you, wait 15 minutes, or use a recovery code.',
      }),
    },
  },
} as const satisfies MailCatalog;

/** A mail of the catalog. */
export type SecondFactorMail = keyof typeof secondFactorMails;
