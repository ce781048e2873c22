import type { Problem, RequestContext } from '@sallyport/core';

/** Answers a request below `/auth` in this process, as identity does. */
export type Identity = (request: Request, context: RequestContext) => Response | Promise<Response>;

/** What identity said. */
export type IdentityAnswer<Body> =
  | { readonly kind: 'done'; readonly body: Body; readonly cookies: readonly string[] }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** Why identity refused, and for how long it would again. */
export interface Refusal extends Pick<Problem, 'code' | 'status' | 'requestId' | 'errors' | 'stepUp'> {
  readonly retryAfterSeconds: number | undefined;
}

/** The methods of the routes that pages call. */
export type IdentityMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Calls a route of identity on behalf of the caller of a page. The type of the body is that of the route. */
export type CallIdentity = <Body>(method: IdentityMethod, path: string, json?: object) => Promise<IdentityAnswer<Body>>;

/** Headers of a page's form that say nothing about the call which is made of it. */
const ofTheForm = ['content-type', 'content-length', 'content-encoding', 'transfer-encoding', 'accept', 'expect'];

/**
 * Lets the caller of a page call identity: with the same cookies, headers, address and session, and with a JSON body, as
 * a page of the adopter's own would.
 */
export function createCallIdentity(identity: Identity, request: Request, context: RequestContext): CallIdentity {
  return async <Body>(method: IdentityMethod, path: string, json?: object) => {
    const headers = new Headers(request.headers);
    for (const name of ofTheForm) headers.delete(name);
    headers.set('accept', 'application/json');
    if (json !== undefined) headers.set('content-type', 'application/json');
    const call = new Request(new URL(path, request.url), {
      method,
      headers,
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    const answer = await identity(call, context);
    if (!answer.ok) return { kind: 'refused', refusal: await readRefusal(answer, context.requestId) };
    const text = await answer.text();
    const body = (text === '' ? undefined : JSON.parse(text)) as Body; // Identity checks its answers against these types.
    return { kind: 'done', body, cookies: answer.headers.getSetCookie() };
  };
}

async function readRefusal(answer: Response, requestId: string): Promise<Refusal> {
  const { status, code, errors, stepUp } = (await answer.json()) as Problem; // Every refusal of identity is one.
  const retryAfter = Number.parseInt(answer.headers.get('retry-after') ?? '', 10);
  return {
    status,
    code,
    requestId,
    retryAfterSeconds: Number.isNaN(retryAfter) ? undefined : retryAfter,
    ...(errors === undefined ? {} : { errors }),
    ...(stepUp === undefined ? {} : { stepUp }),
  };
}
