import type { LinkAnswer } from '@sallyport/core';
import type { PageAnswer, PageCall } from '../built-in-page.ts';
import { fingerprintOfLink, type LinkCookie } from '../cookies/link-cookie.ts';
import type { PageContent } from '../document/document.ts';
import type { FormFields } from '../forms/read-form.ts';
import { refusedForm } from '../forms/refused-form.ts';
import { noRefusal, type ShownRefusal } from '../forms/refusal-words.ts';

/** A mailed link that would work now, as its form shows it. */
export interface OpenedLink {
  readonly token: string;
  /** Empty where it could not be asked for. */
  readonly email: string;
  /** What has to be chosen. */
  readonly asksFor: LinkAnswer['asksFor'];
}

/** A page that a mailed link leads to. */
export interface MailedLinkPage {
  readonly purpose: 'verify-email' | 'reset-password';
  /** Where the page is. */
  readonly path: string;
  readonly cookie: LinkCookie;
  /** The form that uses the link. */
  readonly form: (link: OpenedLink, shown: ShownRefusal) => PageContent;
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
  if (link.kind === 'done') {
    const { email, asksFor } = link.body;
    return { kind: 'page', page: form({ token, email, asksFor }, noRefusal) };
  }
  if (link.refusal.code === 'SP_LINK_INVALID') return spent();
  return refusedForm(link.refusal, {}, (shown) => form({ token, email: '', asksFor: [] }, shown));
}

/** The form of a page that a mailed link leads to. */
export interface MailedLinkForm {
  readonly path: string;
  readonly cookie: LinkCookie;
  /** The route that uses the link up. */
  readonly route: string;
  /** What is chosen with every such link, whatever it asks for besides. */
  readonly alwaysChosen?: LinkAnswer['asksFor'];
  /** Of its fields, as the page names them. */
  readonly labels: Readonly<Record<string, string>>;
  /** The form again, with what was refused. */
  readonly form: (link: OpenedLink, typedName: string, shown: ShownRefusal) => PageContent;
  /** For a link that cannot be used any more. */
  readonly spent: (email: string) => PageAnswer;
  /** Where its user goes on, once the link is used up; its cookie is cleared. */
  readonly done: (email: string) => Extract<PageAnswer, { readonly kind: 'redirect' }>;
}

/** Uses a mailed link up, with what was chosen in its form. The form of a link that another one replaced uses neither. */
export async function redeemMailedLink(
  { request, identity }: PageCall,
  fields: FormFields,
  { path, cookie, route, alwaysChosen = [], labels, form, spent, done }: MailedLinkForm,
): Promise<PageAnswer> {
  const token = cookie.read(request);
  const { link, email, name, asksFor } = fields.pick('link', 'email', 'name', 'asksFor');
  if (token === undefined) return spent(email);
  if (link !== fingerprintOfLink(token)) return { kind: 'redirect', to: path };
  const asked = asksFor.split(' ');
  const chosen = fields.pick(...choosable.filter((field) => asked.includes(field) || alwaysChosen.includes(field)));
  const answer = await identity('POST', route, { token, ...chosen });
  if (answer.kind === 'done') {
    const next = done(email);
    return { ...next, cookies: [...answer.cookies, cookie.cleared, ...(next.cookies ?? [])] };
  }
  const { refusal } = answer;
  if (refusal.code === 'SP_LINK_INVALID') return spent(email);
  // What identity asks for by its refusal, too: the browser may have lost the cookie of its sign-up meanwhile.
  const wanted = new Set([...asked, ...(refusal.errors ?? []).map(({ field }) => field)]);
  const shownLink = { token, email, asksFor: choosable.filter((field) => wanted.has(field)) };
  return refusedForm(refusal, labels, (shown) => form(shownLink, name, shown));
}

/** What a mailed link may ask its user to choose. */
const choosable = ['name', 'newPassword'] as const satisfies LinkAnswer['asksFor'];
