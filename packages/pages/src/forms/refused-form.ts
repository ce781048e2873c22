import type { PageAnswer } from '../built-in-page.ts';
import type { PageContent } from '../document/document.ts';
import type { Refusal } from '../identity/call-identity.ts';
import { showRefusal, type ShownRefusal } from './refusal-words.ts';

/**
 * The page again, with what identity refused.
 *
 * @param labels of the fields of its form, as the page names them.
 */
export function refusedForm(
  refusal: Refusal,
  labels: Readonly<Record<string, string>>,
  show: (shown: ShownRefusal) => PageContent,
): Extract<PageAnswer, { readonly kind: 'page' }> {
  return { kind: 'page', status: refusal.status, page: show(showRefusal(refusal, labels)) };
}
