import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  internalIssuerPath,
  internalMessageTokensPath,
  messageTokenRequestSchema,
  messageTokenType,
  SallyportError,
  selectPermissions,
  toInternalTokenClaims,
  type KeyRing,
  type MessageTokenAnswer,
  type MessageTokenClaims,
  type Principal,
  type RequestContext,
} from '@sallyport/core';
import type { Mount } from '../routing/mount.ts';
import type { MessagesOptions } from './messages-options.ts';

/** Where services get message tokens. */
export const messageTokensPlace = {
  name: 'message-tokens',
  prefix: internalMessageTokensPath,
  access: 'public',
  slide: false,
} as const;

/** Of one user in one session. Each token costs a signature; a service that asks in a loop is told. */
const requestLimits = [{ per: 'session', max: 6000, seconds: 60 }] as const;

/** An audience, the longest destination with every character of it escaped, and a digest. */
const maxBodyBytes = 4096;

const jsonMediaType = /^application\/json(?:[ \t]*;.*)?$/i;

/** What message tokens are made with. */
export interface MessageTokensParts {
  /** Absent where no service takes messages: then there is no such address. */
  readonly messages?: MessagesOptions | undefined;
  readonly keyRing: KeyRing;
  readonly publicOrigin: string;
  readonly tokenLifetimeSeconds: number;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/**
 * Builds what seals messages, on the internal listener alone: a service presents the internal token of its user and the
 * digest of a message, and gets a token for the consumer that is good for that message alone.
 *
 * The token says no more of the user than the presented one, as with every call for a user, and ends with it.
 */
export function createMessageTokensMount(parts: MessageTokensParts): Mount {
  const { messages } = parts;
  if (messages === undefined) return createNoMessageTokensMount();
  const callers = new Set(Object.values(messages.consumers).flatMap((consumer) => consumer.callers));
  return {
    ...messageTokensPlace,
    access: 'service',
    callers: [...callers],
    requestLimits,
    bodyBytes: maxBodyBytes,
    async handle(request, response, context) {
      requireEndpoint(request);
      const asked = await readQuestion(request);
      const consumer = Object.hasOwn(messages.consumers, asked.audience)
        ? messages.consumers[asked.audience]
        : undefined;
      if (consumer === undefined) throw new SallyportError('SP_NOT_FOUND', { reason: 'consumer-unknown' });
      const caller = requireCaller(context, consumer.callers);
      const { audience, ...binding } = asked;
      const permissions = selectPermissions(caller.permissions, consumer.permissions);
      const includeProfile = consumer.profile;
      const claims = toClaims(parts, { caller, audience, permissions, includeProfile, notAfter: context.notAfter });
      answer(response, {
        token: parts.keyRing.sign('internal', messageTokenType, {
          ...claims,
          msg: binding,
        } satisfies MessageTokenClaims),
        expires_at: new Date(claims.exp * 1000).toISOString(),
      });
    },
  };
}

/** What the public listener has in this place: no route of the configuration may take it, and no zone. */
export function createNoMessageTokensMount(): Mount {
  return {
    ...messageTokensPlace,
    handle() {
      throw new SallyportError('SP_NOT_FOUND', { reason: 'no-route' });
    },
  };
}

/** Says which consumers name a caller that has no token: nothing would ever send as that one. */
export function problemsOfMessageCallers(
  { consumers }: MessagesOptions,
  routes: readonly { readonly audience: string }[],
): readonly { readonly consumer: string; readonly problem: string }[] {
  const audiences = new Set(routes.map(({ audience }) => audience));
  return Object.entries(consumers).flatMap(([consumer, { callers }]) =>
    callers
      .filter((caller) => !audiences.has(caller))
      .map((caller) => ({ consumer, problem: `names the caller "${caller}", which is the audience of no route` })),
  );
}

function requireEndpoint({ url, method }: IncomingMessage): void {
  if (url !== internalMessageTokensPath) throw new SallyportError('SP_NOT_FOUND', { reason: 'no-route' });
  if (method !== 'POST')
    throw new SallyportError('SP_METHOD_NOT_ALLOWED', { reason: 'method-not-served', allow: ['POST'] });
}

/** The service that presented the token, which is the nearest actor of the user. */
function requireCaller({ caller }: RequestContext, callers: readonly string[]): Principal {
  if (caller.kind === 'anonymous') throw new SallyportError('SP_UNAUTHENTICATED', { reason: 'not-signed-in' });
  if (caller.actor === undefined || !callers.includes(caller.actor.id))
    throw new SallyportError('SP_FORBIDDEN', { reason: 'caller-not-listed' });
  return caller;
}

function toClaims(
  { publicOrigin, tokenLifetimeSeconds, clock }: MessageTokensParts,
  token: {
    readonly caller: Principal;
    readonly audience: string;
    readonly permissions: readonly string[];
    readonly includeProfile: boolean;
    readonly notAfter: number | undefined;
  },
) {
  const at = clock();
  const { caller: principal, audience, permissions, includeProfile, notAfter = Infinity } = token;
  return toInternalTokenClaims({
    principal,
    issuer: publicOrigin + internalIssuerPath,
    audience,
    permissions,
    includeProfile,
    issuedAt: new Date(at),
    // Ends with what was presented, as every token that is made for another one.
    lifetimeSeconds: Math.min(tokenLifetimeSeconds, notAfter - Math.floor(at / 1000)),
    tokenId: randomUUID(),
  });
}

async function readQuestion(request: IncomingMessage) {
  if (!jsonMediaType.test(request.headers['content-type'] ?? ''))
    throw new SallyportError('SP_MEDIA_TYPE_UNSUPPORTED', { reason: 'not-json' });
  const parsed = messageTokenRequestSchema.safeParse(parseJson(await readBody(request)));
  if (parsed.success) return parsed.data;
  throw new SallyportError('SP_VALIDATION_FAILED', {
    reason: 'message-invalid',
    errors: parsed.error.issues.map(({ path, message }) => ({ field: path.map(String).join('.'), message })),
  });
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBodyBytes) throw new SallyportError('SP_BODY_TOO_LARGE', { reason: 'body-limit' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SallyportError('SP_JSON_MALFORMED', { reason: 'json-malformed' });
  }
}

function answer(response: ServerResponse, answered: MessageTokenAnswer): void {
  const body = JSON.stringify(answered);
  response.writeHead(200, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
