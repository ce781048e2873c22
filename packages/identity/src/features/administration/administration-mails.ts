import type { MailCatalog } from '../../mail/mail-catalog.ts';

/** Mails to accounts that an operator made, or whose authority changed, and to those who manage accounts. */
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
  'roles-changed': {
    isAlwaysSent: true,
    texts: {
      en: ({ productName, page }, _token, { roles = [], by = 'an administrator' }) => ({
        subject: `Your access to ${productName} was changed`,
        paragraphs: [
          `What you can do at ${productName} was changed by ${by}.`,
          roles.length === 0 ? 'You have no roles now.' : `Your roles now: ${roles.join(', ')}.`,
        ],
        action: { label: 'Review security settings', link: page('security') },
        closing: 'If you did not expect this, contact your administrator.',
      }),
    },
  },
  'manager-added': {
    isAlwaysSent: true,
    texts: {
      en: ({ productName, page }, _token, { account = 'An account', by = 'an administrator' }) => ({
        subject: `Another account can manage accounts at ${productName}`,
        paragraphs: [
          `${account} was given the permission to manage other accounts at ${productName}. It was given by ${by}.`,
          'You get this message because you have this permission too.',
        ],
        action: { label: 'Review security settings', link: page('security') },
        closing:
          'If this was not agreed on, take the permission away and look at the security events of both accounts.',
      }),
    },
  },
} as const satisfies MailCatalog;

/** A mail of the catalog. */
export type AdministrationMail = keyof typeof administrationMails;
