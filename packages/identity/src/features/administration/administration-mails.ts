import type { MailCatalog } from '../../mail/mail-catalog.ts';

/** The mail to an account that an operator made. */
export const administrationMails = {
  invitation: {
    texts: {
      en: ({ productName, page }, token) => ({
        subject: `Your ${productName} account`,
        paragraphs: [`You have been given an account at ${productName}. Choose a password to sign in.`],
        action: { label: 'Choose a password', link: page('resetPassword', token) },
        closing:
          'The link works once, for one hour. After that, “Forgot password?” on the sign-in page sends you a new one.',
      }),
    },
  },
} as const satisfies MailCatalog;

/** A mail of the catalog. */
export type AdministrationMail = keyof typeof administrationMails;
