import type { PageAnswer } from './built-in-page.ts';
import { renderDocument, type DocumentParts, type Theme } from './document/document.ts';

/** The script sends it with a form: it wants to be told of the next page, not to be sent there. */
const formHeader = 'sallyport-form';

/**
 * No script and no style but ours, no frame, no form to anywhere else. A referrer goes to pages of this origin alone: what a
 * query says of the user reaches no other site, and forms keep their `Origin`.
 */
const pageHeaders = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'same-origin',
  'x-frame-options': 'DENY',
} as const;

/** Makes the HTTP answer of what a page answers. */
export async function toResponse(answer: PageAnswer, request: Request, parts: DocumentParts): Promise<Response> {
  const headers = new Headers({ 'cache-control': 'no-store' });
  for (const cookie of answer.cookies ?? []) headers.append('set-cookie', cookie);
  const isForScript = request.headers.get(formHeader) === 'fetch';
  if (isForScript && answer.kind !== 'leave' && answer.news !== undefined) headers.set('sallyport-news', answer.news);
  if (answer.kind === 'redirect' || (answer.kind === 'leave' && isForScript)) {
    // The address that is left may hold the token of a mailed link.
    headers.set('referrer-policy', 'no-referrer');
    headers.set(isForScript ? 'sallyport-location' : 'location', answer.to);
    return new Response(null, { status: isForScript ? 204 : 303, headers });
  }
  for (const [name, value] of Object.entries(pageHeaders)) headers.set(name, value);
  headers.set('content-type', 'text/html; charset=utf-8');
  if (answer.kind === 'leave') {
    // `form-action` is asked of every redirect that follows a form, in some browsers, and providers redirect to others.
    headers.set('referrer-policy', 'no-referrer');
    const text = await renderDocument({ ...answer.page, continueTo: answer.to }, themeOf(request), parts);
    return new Response(text, { status: 200, headers });
  }
  if (answer.allow !== undefined) headers.set('allow', answer.allow.join(', '));
  const text = await renderDocument(answer.page, themeOf(request), parts);
  return new Response(request.method === 'HEAD' ? null : text, { status: answer.status ?? 200, headers });
}

/** The cookie that the button writes. */
function themeOf(request: Request): Theme {
  const value = /(?:^|;[ \t]*)theme=(light|dark)(?:[ \t]*;|$)/.exec(request.headers.get('cookie') ?? '')?.[1];
  return value === 'light' || value === 'dark' ? value : undefined;
}
