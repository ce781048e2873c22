import 'server-only';
import { parseReturnPath } from '../return-path.ts';
import { headersOfRequest } from './request-headers.ts';

/** Where to go after signing in: what a page chose, or the address of this request, as the gateway reports it. */
export async function returnPathOf(
  asker: 'requireAuth' | 'requireAccess',
  chosen: string | undefined,
): Promise<string | undefined> {
  return parseReturnPath(chosen ?? (await headersOfRequest(asker)).get('x-forwarded-uri'));
}
