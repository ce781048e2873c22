import { randomUUID } from 'node:crypto';
import {
  anonymous,
  digestOfPayload,
  messageTokenType,
  parseBearerToken,
  SallyportError,
  type Caller,
  type TokenVerifier,
  type VerifyMessageToken,
} from '@sallyport/core';
import { requireTokenPeer } from '../certificates/require-token-peer.ts';
import type { ServiceCertificates } from '../certificates/service-certificates.ts';
import type { ReceivedMessage } from '../transports/guarded-transport.ts';
import type { MessageReplays } from './message-replays.ts';

/** Finds out for which user a message was sent. */
export interface MessageTrust {
  /** The caller, anonymous where the message carries no token; throws or rejects with the refusal. */
  verify(message: ReceivedMessage): Caller | Promise<Caller>;
}

export interface MessageTrustParts {
  /** Of tokens that are no message tokens. */
  readonly verifier: TokenVerifier;
  /** Absent where the service has no keys. */
  readonly verifyMessageToken: VerifyMessageToken | undefined;
  readonly replays: MessageReplays | 'accept';
  /** Over whose connections tokens count. A message has none, so that a token which needs one is refused. */
  readonly certificates?: ServiceCertificates | undefined;
}

interface Finding {
  readonly token: string;
  readonly payload: unknown;
  readonly caller: Promise<Caller>;
}

/**
 * Builds what tells for which user a message was sent.
 *
 * What is left with a broker is read by others: there a token counts only for the message that it was made for. Calls over
 * gRPC have a connection of their own, and their tokens count for a method.
 */
export function createMessageTrust({
  verifier,
  verifyMessageToken,
  replays,
  certificates,
}: MessageTrustParts): MessageTrust {
  // A message is found out about once, however many handlers and guards ask: it is taken once.
  const findings = new WeakMap<object, Finding>();

  const verifySealed = async (token: string, message: ReceivedMessage): Promise<Caller> => {
    const { destination, payload, isGrpc, delivery = randomUUID() } = message;
    if (verifyMessageToken === undefined) throw invalid('message-tokens-need-keys');
    if (destination === undefined) throw invalid('destination-unknown');
    const verified = await verifyMessageToken(token, { destination, digest: () => digestOfPayload(payload) });
    if (!verified.isBoundToPayload) {
      if (isGrpc) return verified.principal;
      throw invalid('not-bound-to-the-payload');
    }
    if (replays === 'accept') return verified.principal;
    const isTaken = await claimFrom(replays, verified.tokenId, delivery, verified.takenUntil);
    if (!isTaken) throw invalid('message-replayed');
    return verified.principal;
  };

  return {
    verify: (message) => {
      const token = tokenOf(message);
      if (token === undefined) return anonymous;
      if (typeOf(token) !== messageTokenType) {
        if (message.sealedBy !== undefined) throw invalid('not-a-message-token');
        const { call } = message;
        const known = verifier.recall(token);
        if (known !== undefined) return requireTokenPeer(known, certificates, call);
        return verifier.verify(token).then((caller) => requireTokenPeer(caller, certificates, call));
      }
      const { call, payload } = message;
      const known = findings.get(call);
      // A transport may use one object for several messages: what was found out holds for this very one.
      if (known !== undefined && known.token === token && Object.is(known.payload, payload)) return known.caller;
      const caller = verifySealed(token, message);
      findings.set(call, { token, payload, caller });
      return caller;
    },
  };
}

function tokenOf({ sealedBy, authorization }: ReceivedMessage): string | undefined {
  if (sealedBy === undefined) return parseBearerToken(authorization);
  if (authorization === undefined) return sealedBy;
  throw new SallyportError('SP_CREDENTIALS_CONFLICT', { reason: 'envelope-and-header' });
}

/** Read without believing it: it only chooses the verifier, which then checks it with the signature. */
function typeOf(token: string): unknown {
  try {
    const header: unknown = JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString());
    return typeof header === 'object' && header !== null && 'typ' in header ? header.typ : undefined;
  } catch {
    return undefined;
  }
}

async function claimFrom(replays: MessageReplays, id: string, delivery: string, takenUntil: Date): Promise<boolean> {
  try {
    return await replays.claim(id, delivery, takenUntil);
  } catch (cause) {
    if (cause instanceof SallyportError) throw cause;
    // That a message was not seen before is not known: never taken, and never the fault of its sender.
    throw new SallyportError('SP_STORE_UNAVAILABLE', { cause, reason: 'replays-not-readable' });
  }
}

function invalid(reason: string): SallyportError {
  return new SallyportError('SP_TOKEN_INVALID', { reason });
}
