import type { MailCatalog } from '../../mail/mail-catalog.ts';

/** Mails that tell the owner of an account of a new credential. */
export const apiKeyMails = {
  'api-key-created': {
    isAlwaysSent: true,
    texts: {
      en: ({ productName, page }) => ({
        subject: `An API key was created for your ${productName} account`,
        paragraphs: [
          'Programs that have the key can act with your account, within what the key allows.',
          'If it was you, there is nothing to do.',
        ],
        action: { label: 'This wasn’t me: choose a new password', link: page('forgotPassword') },
        closing: 'If it was not you, sign in, revoke the key on the page of API keys, and choose a new password.',
      }),
    },
  },
} as const satisfies MailCatalog;

/** A mail of the catalog. */
export type ApiKeyMail = keyof typeof apiKeyMails;
