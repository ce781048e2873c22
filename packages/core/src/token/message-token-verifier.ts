import { timingSafeEqual } from 'node:crypto';
import { jwtVerify } from 'jose';
import { SallyportError } from '../errors/sallyport-error.ts';
import type { Principal } from '../principal/principal.ts';
import { toPrincipal } from './internal-token.ts';
import { messageTokenClaimsSchema, messageTokenType, type MessageTokenClaims } from './message-token.ts';
import { algorithmsOf, requireCompactJws, requireSoundTimes, toTokenError } from './token-rules.ts';
import type { TokenVerifierOptions } from './token-verifier.ts';

/** How a consumer recognises the tokens of messages that are sent to it. */
export interface MessageTokenVerifierOptions extends Omit<TokenVerifierOptions, 'cacheSize'> {
  /**
   * How long after it was sealed a message is still taken, in seconds. Without it a message is refused when its token has
   * expired. A token without a digest never lives longer than it says.
   */
  readonly maxWaitSeconds?: number | undefined;
}

/** What arrived beside a token. */
export interface MessageToVerify {
  /** Where it arrived: the subject, the channel, or the path of the gRPC method. */
  readonly destination: string;
  /** Of the payload that arrived; asked for only where the token is bound to one. */
  readonly digest: () => string;
}

/** A message that was sealed for this consumer. */
export interface VerifiedMessage {
  readonly principal: Principal;
  /** Of the token: each is made for one message. */
  readonly tokenId: string;
  /** Whether the token is bound to the payload, and so to this one message. */
  readonly isBoundToPayload: boolean;
  /** From then on the message is refused by its age. */
  readonly takenUntil: Date;
}

/** Resolves to what was verified, or rejects with `SP_TOKEN_EXPIRED`, `SP_TOKEN_INVALID`, `SP_KEYS_UNAVAILABLE`, or an objection. */
export type VerifyMessageToken = (token: string, message: MessageToVerify) => Promise<VerifiedMessage>;

/**
 * Builds the check that a consumer runs on the token of every message.
 *
 * Signature, algorithm, issuer, audience, age, `typ`, every claim's type, the destination and the digest of the payload are
 * always checked. Whether a message comes a second time is for the caller to find out, by `tokenId`.
 *
 * @throws OptionsError when an algorithm does not go with the kind of keys.
 */
export function createMessageTokenVerifier(options: MessageTokenVerifierOptions): VerifyMessageToken {
  const { issuer, audience, keys, clockToleranceSeconds = 5, maxWaitSeconds, objectTo } = options;
  const algorithms = algorithmsOf(options);
  const now = options.now ?? (() => new Date());

  const read = async (token: string, at: Date): Promise<MessageTokenClaims> => {
    requireCompactJws(token);
    try {
      const { payload } = await jwtVerify(token, keys.getKey, {
        issuer,
        audience,
        typ: messageTokenType,
        algorithms,
        // Which end counts depends on what the token is bound to.
        clockTolerance: Math.max(clockToleranceSeconds, maxWaitSeconds ?? 0),
        currentDate: at,
        requiredClaims: ['exp', 'iat', 'sub', 'jti'],
      });
      return messageTokenClaimsSchema.parse(payload);
    } catch (error) {
      throw toTokenError(error);
    }
  };

  return async (token, { destination, digest }) => {
    const at = now();
    const claims = await read(token, at);
    const { iat, exp, jti, msg } = claims;
    requireSoundTimes(claims, at);
    if (msg.to !== destination) throw invalid('sealed-for-another-destination');
    if (msg.sha256 !== undefined && !isSameDigest(msg.sha256, digest())) throw invalid('payload-was-changed');
    const wait = msg.sha256 === undefined ? 0 : (maxWaitSeconds ?? 0);
    const takenUntil = new Date(Math.max(exp + clockToleranceSeconds, iat + wait) * 1000);
    if (at >= takenUntil) throw new SallyportError('SP_TOKEN_EXPIRED', { reason: 'message-waited-too-long' });
    const principal = toPrincipal(claims);
    const objection = objectTo?.(principal, iat);
    if (objection !== undefined) throw objection;
    return { principal, tokenId: jti, isBoundToPayload: msg.sha256 !== undefined, takenUntil };
  };
}

function isSameDigest(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one), Buffer.from(other)];
  return first.length === second.length && timingSafeEqual(first, second);
}

function invalid(reason: string): SallyportError {
  return new SallyportError('SP_TOKEN_INVALID', { reason });
}
