import type { LinkAnswer } from '@sallyport/core';
import type { PageAnswer, PageCall } from '../built-in-page.ts';
import type { LinkCookie } from '../cookies/link-cookie.ts';
import type { PageContent } from '../document/document.ts';
import { refusedForm } from '../forms/refused-form.ts';
import { noRefusal, type ShownRefusal } from '../forms/refusal-words.ts';

/** A page that a mailed link leads to. */
export interface MailedLinkPage {
  readonly purpose: 'verify-email' | 'reset-password';
  /** Where the page is. */
  readonly path: string;
  readonly cookie: LinkCookie;
  /** The form that uses the link. Of an address that could not be asked for, the text is empty. */
  readonly form: (token: string, email: string, shown: ShownRefusal) => PageContent;
  /** For a link that cannot be used. */
  readonly spent: () => PageAnswer;
}

/**
 * Opens a mailed link: the address that holds its token is left at once, and the link is looked at without using it up.
 * Programs that follow links in mails change nothing.
 */
export async function openMailedLink(
  { request, query, identity }: PageCall,
  { purpose, path, cookie, form, spent }: MailedLinkPage,
): Promise<PageAnswer> {
  const given = query('token');
  if (given !== '') return { kind: 'redirect', to: path, cookies: [cookie.write(given)] };
  const token = cookie.read(request);
  if (token === undefined) return spent();
  const link = await identity<LinkAnswer>('POST', '/auth/check-link', { purpose, token });
  if (link.kind === 'done') return { kind: 'page', page: form(token, link.body.email, noRefusal) };
  if (link.refusal.code === 'SP_LINK_INVALID') return spent();
  return refusedForm(link.refusal, {}, (shown) => form(token, '', shown));
}
