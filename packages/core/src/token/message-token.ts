import { createHash } from 'node:crypto';
import * as z from 'zod';
import { internalTokenClaimsSchema } from './internal-token.ts';

/**
 * `typ` of a message token. No other verifier takes it: what is read on a message broker is worth nothing as a bearer
 * token (RFC 8725, section 3.11).
 */
export const messageTokenType = 'sallyport-message+jwt';

/** Path, on the internal listener alone, where services get message tokens. */
export const internalMessageTokensPath = '/internal/message-tokens';

/** The longest destination, in characters: a subject, a channel, or the path of a gRPC method. */
export const maxDestinationLength = 512;

/** What one message token is good for. */
export const messageBindingSchema = z.object({
  to: z.string().min(1).max(maxDestinationLength),
  sha256: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/)
    .optional(),
});

/** Claims of a message token, as `docs/wire/message-token.md` describes them: those of an internal token, and the binding. */
export const messageTokenClaimsSchema = internalTokenClaimsSchema.extend({ msg: messageBindingSchema });

/** Claims of a message token. Times are seconds since 1970. */
export type MessageTokenClaims = z.infer<typeof messageTokenClaimsSchema>;

/** The question of a service for a message token. */
export const messageTokenRequestSchema = z.strictObject({
  audience: z.string().regex(/^[a-z][a-z0-9-]*$/),
  ...messageBindingSchema.shape,
});

/** The answer to it. */
export const messageTokenAnswerSchema = z.object({ token: z.string().min(1), expires_at: z.iso.datetime() });

/** The answer to a service that asks for a message token. */
export type MessageTokenAnswer = z.infer<typeof messageTokenAnswerSchema>;

/**
 * The digest that binds a token to the payload of a message: SHA-256 of its JSON text in UTF-8, as base64url.
 *
 * The text is what `JSON.stringify` makes of the payload. It makes the same of what `JSON.parse` read, so that a receiver
 * needs the payload alone. `undefined` is no payload: it has no JSON.
 *
 * @throws TypeError for a payload that has no JSON text.
 * @example
 * digestOfPayload({ total: 12 }); // 'He_Zqt…', of the text {"total":12}
 */
export function digestOfPayload(payload: unknown): string {
  // The type of JSON.stringify leaves out what it answers for undefined and functions.
  const text = JSON.stringify(payload) as string | undefined;
  if (text === undefined) throw new TypeError('the payload of a message must have a JSON text');
  return createHash('sha256').update(text).digest('base64url');
}
