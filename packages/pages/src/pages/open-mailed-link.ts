import type { LinkAnswer } from '@sallyport/core';
import type { PageAnswer, PageCall } from '../built-in-page.ts';
import type { LinkCookie } from '../cookies/link-cookie.ts';
import type { PageContent } from '../document/document.ts';
import type { FormFields } from '../forms/read-form.ts';
import { refusedForm } from '../forms/refused-form.ts';
import { noRefusal, type ShownRefusal } from '../forms/refusal-words.ts';
import type { Refusal } from '../identity/call-identity.ts';

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

/**
 * The link that a form was about, for showing it again: what it asked for, and what identity asks for by its refusal, where
 * the browser has lost the cookie of its sign-up meanwhile.
 */
export function linkOfForm(token: string, form: FormFields, { errors = [] }: Pick<Refusal, 'errors'>): OpenedLink {
  const asked = new Set([...form.of('asksFor').split(' '), ...errors.map(({ field }) => field)]);
  return {
    token,
    email: form.of('email'),
    asksFor: (['name', 'newPassword'] as const).filter((name) => asked.has(name)),
  };
}

/** What was chosen in a form, of what it asked for. */
export function chosenIn(form: FormFields): Readonly<Record<string, string>> {
  const asked = form.of('asksFor').split(' ');
  return Object.fromEntries(
    ['name', 'newPassword'].filter((name) => asked.includes(name)).map((name) => [name, form.of(name)]),
  );
}
