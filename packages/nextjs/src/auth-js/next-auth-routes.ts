import { asSallyportError, SallyportError } from '@sallyport/core';
import { clearedSession, type AccountRouteParts } from './account-routes.ts';
import { callNextAuth, type NextAuthContext, type NextAuthFunction } from './call-next-auth.ts';
import { createNextAuthOptions, type Exchange, type NextAuthParts } from './next-auth-options.ts';
import { readBody } from './read-body.ts';
import { parseCookies } from './shell-cookies.ts';
import { isRecord, parseJson } from './shell-session.ts';

export interface NextAuthRouteParts extends NextAuthParts {
  readonly nextAuth: NextAuthFunction;
  readonly signOutFlow: AccountRouteParts['signOutFlow'];
}

/**
 * Answers `/api/auth/*` by next-auth, and mends what its answers lack: a store that was down is a 503 and takes no cookie
 * away, a sign-out goes on to the provider, and cookies of ours are written.
 */
export async function answerNextAuth(
  request: Request,
  context: NextAuthContext,
  parts: NextAuthRouteParts,
): Promise<Response> {
  const { method } = request;
  const { nextauth: path } = await context.params;
  // It writes into the log what any client sends.
  if (path[0] === '_log') throw new SallyportError('SP_NOT_FOUND', { reason: 'next-auth-log' });
  if (method !== 'GET' && method !== 'POST')
    throw new SallyportError('SP_METHOD_NOT_ALLOWED', { allow: ['GET', 'POST'] });
  const cookieHeader = request.headers.get('cookie') ?? undefined;
  const body = method === 'POST' ? await readForm(request) : undefined;
  const exchange: Exchange = { setCookies: [] };
  const answer = await callNextAuth(
    parts.nextAuth,
    {
      method,
      path,
      query: Object.fromEntries(new URL(request.url).searchParams),
      body,
      cookies: parseCookies(cookieHeader),
      headers: Object.fromEntries(request.headers),
    },
    createNextAuthOptions(parts, exchange, cookieHeader),
  );
  if (exchange.failure !== undefined) throw asSallyportError(exchange.failure);

  const { headers } = answer;
  for (const cookie of exchange.setCookies) headers.append('set-cookie', cookie);
  return exchange.ended === undefined
    ? toResponse(answer.status, headers, answer.body)
    : toSignedOut(exchange.ended, headers, body?.['json'] === 'true', parts);
}

function toResponse(status: number, headers: Headers, body: unknown): Response {
  if (body === undefined || body === null || typeof body === 'string')
    return new Response(body ?? null, { status, headers });
  if (!headers.has('content-type')) headers.set('content-type', 'application/json');
  return new Response(JSON.stringify(body), { status, headers });
}

/** The script of next-auth reads where to go; a form is led there. */
function toSignedOut(
  { tokens }: NonNullable<Exchange['ended']>,
  headers: Headers,
  isByScript: boolean,
  parts: NextAuthRouteParts,
): Response {
  for (const cookie of clearedSession(parts)) headers.append('set-cookie', cookie);
  if (tokens !== undefined) headers.append('set-cookie', parts.signOutFlow.begin(tokens));
  const url = `${parts.options.shellUrl}/auth/signed-out`;
  if (isByScript) {
    headers.delete('location');
    headers.set('content-type', 'application/json');
    return new Response(JSON.stringify({ url }), { status: 200, headers });
  }
  headers.set('location', url);
  return new Response(null, { status: 303, headers });
}

/** The body of a form, or of next-auth's script. */
async function readForm(request: Request): Promise<Readonly<Record<string, unknown>>> {
  const type = request.headers.get('content-type') ?? '';
  const text = await readBody(request);
  if (text === undefined) throw new SallyportError('SP_BODY_TOO_LARGE', { reason: 'next-auth-body' });
  if (type.includes('application/x-www-form-urlencoded')) return Object.fromEntries(new URLSearchParams(text));
  const value = type.includes('application/json') ? parseJson(text) : {};
  return isRecord(value) ? value : {};
}
