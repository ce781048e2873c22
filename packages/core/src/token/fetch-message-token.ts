import { callInternalListener, factsOfRefusal, failureOf, parseJson } from './call-internal-listener.ts';
import {
  internalMessageTokensPath,
  messageTokenAnswerSchema,
  messageTokenRequestSchema,
  messageTokenType,
} from './message-token.ts';
import { MessageTokenError } from './message-token-error.ts';

/** A token that is good for one message, or for one method, and for nothing else. */
export interface MessageToken {
  readonly token: string;
  readonly expiresAt: Date;
}

/** For which message, to whom, and for which user a token is asked. */
export interface MessageTokenQuestion {
  /** Origin of the internal listener of the gateway. */
  readonly internalUrl: string;
  /** The consumer, as `messages.consumers` of the gateway names it. */
  readonly audience: string;
  /** Where the message goes: the subject, the channel, or the path of the gRPC method. */
  readonly destination: string;
  /** Of the payload, as `digestOfPayload` makes it; `undefined` binds the token to the destination alone. */
  readonly digest?: string | undefined;
  /** The `Authorization` that the gateway attached to the request of the user: the internal token of this service. */
  readonly authorization: string | undefined;
  readonly requestId?: string | undefined;
  /** @default 5000 */
  readonly timeoutMilliseconds?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Far more than any answer. */
const maxAnswerLength = 65_536;

/**
 * Asks the internal listener of the gateway for the token of a message. Never follows a redirect.
 *
 * @throws MessageTokenError, TypeError for what is no name of a service or no destination, and the reason of `signal`.
 */
export async function fetchMessageToken(question: MessageTokenQuestion): Promise<MessageToken> {
  const { internalUrl, audience, destination, digest, authorization, requestId, signal } = question;
  const asked = messageTokenRequestSchema.safeParse({
    audience,
    to: destination,
    ...(digest === undefined ? {} : { sha256: digest }),
  });
  if (!asked.success) throw new TypeError('a message goes to a service such as "billing", and to a place there');
  const answer = await callInternalListener({
    url: internalUrl + internalMessageTokensPath,
    json: asked.data,
    authorization,
    requestId,
    timeoutMilliseconds: question.timeoutMilliseconds ?? 5000,
    signal,
    maxAnswerLength,
    createError: (kind, message, facts) => new MessageTokenError(kind, message, facts),
  });
  if (answer.status === 200) return readToken(answer.body);
  const facts = factsOfRefusal(answer);
  const kind = failureOf(answer.status, facts.code);
  throw new MessageTokenError(kind, `the gateway seals no message: ${kind}`, facts);
}

function readToken(body: unknown): MessageToken {
  const parsed = messageTokenAnswerSchema.safeParse(body);
  if (!parsed.success || !isMessageToken(parsed.data.token))
    throw new MessageTokenError('unreadable', 'what answered is not the internal listener of a gateway', {
      status: 200,
    });
  return { token: parsed.data.token, expiresAt: new Date(parsed.data.expires_at) };
}

/** A token of another type must never be put on a broker, whatever answered. */
function isMessageToken(token: string): boolean {
  const header = parseJson(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString());
  return typeof header === 'object' && header !== null && 'typ' in header && header.typ === messageTokenType;
}
