import type { MailCatalog } from '../../mail/mail-catalog.ts';

/** Mails that tell the owner of an account what happened to its second factors. */
export const secondFactorMails = {
  'second-factor-added': {
    isAlwaysSent: true,
    texts: {
      en: ({ productName, page }) => ({
        subject: `A second factor was added to your account for ${productName}`,
        paragraphs: ['From now on your password alone no longer opens your account.'],
        action: { label: 'It was not me: choose a new password', link: page('/forgot-password') },
        closing:
          'If it was you, there is nothing to do. Keep your recovery codes where you find them without your phone.',
      }),
    },
  },
  'second-factor-removed': {
    isAlwaysSent: true,
    texts: {
      en: ({ productName, page }) => ({
        subject: `A second factor was removed from your account for ${productName}`,
        paragraphs: ['Somebody who is signed in to your account, probably you, removed a second factor.'],
        action: { label: 'It was not me: choose a new password', link: page('/forgot-password') },
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
          'An administrator removed the second factor and the recovery codes of your account, and every browser that was signed in is signed out.',
          'Sign in with your password, then set up a new one.',
        ],
        action: { label: 'Look after my second factor', link: page('/account/security') },
        closing: 'If you did not ask for it, tell your administrator at once.',
      }),
    },
  },
  'recovery-codes-made': {
    isAlwaysSent: true,
    texts: {
      en: ({ productName, page }) => ({
        subject: `Your recovery codes for ${productName} were replaced`,
        paragraphs: [
          'Somebody who is signed in to your account, probably you, made new recovery codes. The old ones no longer work.',
        ],
        action: { label: 'It was not me: choose a new password', link: page('/forgot-password') },
        closing: 'If it was you, there is nothing to do.',
      }),
    },
  },
  'recovery-code-used': {
    isAlwaysSent: true,
    texts: {
      en: ({ productName, page }) => ({
        subject: `A recovery code was used for your account at ${productName}`,
        paragraphs: ['Somebody, probably you, used one of your recovery codes instead of the second factor.'],
        action: { label: 'Look after my second factor', link: page('/account/security') },
        closing: 'If it was not you, choose a new password and new recovery codes at once.',
      }),
    },
  },
  'codes-guessed': {
    texts: {
      en: ({ productName, page }) => ({
        subject: `Somebody knows your password for ${productName}`,
        paragraphs: [
          'Somebody got past your password and then typed many wrong codes. They did not get in.',
          'If it was not you, your password is no longer a secret: choose a new one.',
        ],
        action: { label: 'Choose a new password', link: page('/forgot-password') },
        closing: 'If it was you: wait for a quarter of an hour, or use a recovery code.',
      }),
    },
  },
} as const satisfies MailCatalog;

/** A mail of the catalog. */
export type SecondFactorMail = keyof typeof secondFactorMails;
