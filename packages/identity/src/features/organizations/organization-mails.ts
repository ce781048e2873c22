import type { MailCatalog } from '../../mail/mail-catalog.ts';

/** The mail that invites an address into an organization. It is the same whether the address has an account or not. */
export const organizationMails = {
  'organization-invitation': {
    texts: {
      en: ({ productName, page }, token, { organization = '', by = 'A member' }) => ({
        subject: `Invitation to ${organization} on ${productName}`,
        paragraphs: [
          `${by} invites you to join the organization “${organization}” on ${productName}.`,
          'To accept, sign in with this email address, or sign up with it.',
        ],
        action: { label: 'See the invitation', link: page('acceptInvitation', token) },
        closing:
          'The link works once, until the invitation expires or is withdrawn. If you did not expect it, you can ignore this message: nothing happens.',
      }),
    },
  },
} as const satisfies MailCatalog;

/** A mail of the catalog. */
export type OrganizationMail = keyof typeof organizationMails;
