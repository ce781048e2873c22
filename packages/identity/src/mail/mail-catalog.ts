import { pageUrl, type PageName, type PageTable } from '@sallyport/core';

/** The text of a mail to the owner of an account. */
export interface Letter {
  readonly subject: string;
  readonly paragraphs: readonly string[];
  readonly action: { readonly label: string; readonly link: string };
  readonly closing: string;
}

/** What a mail about an account of others, or about a change by others, names. */
export interface MailFacts {
  /** The address of the account that it is about. */
  readonly account?: string;
  /** Roles, as they are now. */
  readonly roles?: readonly string[];
  /** Who did it: an address, or the operator; a name where the reader may not know the address. */
  readonly by?: string;
  /** The name of an organization. */
  readonly organization?: string;
}

/** What a text may name. */
export interface MailedProduct {
  readonly productName: string;
  /** The address of a page, with the token of a link when one is given. */
  readonly page: (name: PageName, token?: string) => string;
}

/** The languages in which every mail has a text. */
export type MailLanguage = 'en';

/** One mail of a catalog. */
export interface AccountMail {
  /** Sent however many an address got: owners always learn that the sign-in methods of an account changed. Only a signed-in caller may cause it. */
  readonly isAlwaysSent?: boolean;
  readonly texts: Readonly<Record<MailLanguage, (product: MailedProduct, token: string, facts: MailFacts) => Letter>>;
}

/** The mails that one feature sends to the owners of accounts, by their kind. */
export type MailCatalog = Readonly<Record<string, AccountMail>>;

/** What texts may name of a product whose pages live below `publicUrl`. */
export function mailedProduct(publicUrl: string, productName: string, pages: PageTable): MailedProduct {
  const { origin } = new URL(publicUrl);
  return {
    productName,
    page: (name, token) => `${origin}${pageUrl(pages[name], { token })}`,
  };
}
