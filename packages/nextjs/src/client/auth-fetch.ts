import { readProblem } from '../problem-error.ts';
import { signInUrl } from '../sign-in-url.ts';
import { activeSessionSync } from './active-session-sync.ts';

/** As for `fetch`, with a JSON body as a value. Credentials, caching and redirects are fixed. */
export interface AuthFetchInit {
  readonly method?: string;
  readonly headers?: HeadersInit;
  readonly body?: BodyInit | null;
  /** A value that is sent as a JSON body. */
  readonly json?: unknown;
  readonly signal?: AbortSignal;
}

/**
 * Calls a path of this origin with the session cookie, which the browser attaches by itself.
 *
 * When no user is signed in any more (`SP_UNAUTHENTICATED`), the tab also goes to sign in and comes back to its page.
 *
 * @returns the answer, when it is `ok`.
 * @throws ProblemError for every other answer; TypeError for an address of another origin, and as `fetch` does when there
 *   is no answer.
 */
export async function authFetch(path: string, init: AuthFetchInit = {}): Promise<Response> {
  const { json, ...rest } = init;
  const headers = new Headers(init.headers);
  if (!headers.has('accept')) headers.set('accept', 'application/json');
  if (json !== undefined) headers.set('content-type', 'application/json');

  const response = await fetch(requireOwnPath(path), {
    ...rest,
    headers,
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    credentials: 'same-origin',
    mode: 'same-origin',
    cache: 'no-store',
    redirect: 'error',
  });
  if (response.ok) return response;
  const problem = await readProblem(response);
  if (problem.status === 401 && problem.code === 'SP_UNAUTHENTICATED') goToSignIn();
  throw problem;
}

function requireOwnPath(path: string): string {
  if (!/^\/(?![/\\])[^\\\s]*$/.test(path))
    throw new TypeError('authFetch takes a path of this origin, such as "/api/shop/products"');
  return path;
}

function goToSignIn(): void {
  const sync = activeSessionSync();
  if (sync === undefined) location.assign(signInUrl(`${location.pathname}${location.search}${location.hash}`));
  else void sync.sessionRefused();
}
