import { UsageError } from '@sallyport/core';
import * as z from 'zod';
import type { KeptSignIn } from './kept-sign-in.ts';

const answerSchema = z.object({
  access_token: z.string(),
  expires_in: z.number(),
  refresh_token: z.string().optional(),
  id_token: z.string(),
});
const claimsSchema = z.object({
  iss: z.string(),
  aud: z.string(),
  sub: z.string(),
  name: z.string().optional(),
  email: z.string().optional(),
});

/**
 * Reads what the token endpoint gave. The ID token came from there directly, so that its signature adds nothing (OpenID
 * Connect Core, section 3.1.3.7); its issuer and its audience are looked at.
 *
 * @throws UsageError for an answer that is none, or for another client.
 */
export function toKeptSignIn(
  body: unknown,
  {
    url,
    clientId,
    refreshToken,
  }: { readonly url: string; readonly clientId: string; readonly refreshToken?: string | undefined },
): KeptSignIn {
  const parsed = answerSchema.safeParse(body);
  if (!parsed.success) throw new UsageError(`${url} gave tokens that this command does not understand.`);
  const answer = parsed.data;
  const claims = claimsSchema.safeParse(readClaims(answer.id_token));
  if (!claims.success || claims.data.iss !== url || claims.data.aud !== clientId)
    throw new UsageError(`${url} gave an ID token that is not for this command.`);
  const { sub: id, name, email } = claims.data;
  const next = answer.refresh_token ?? refreshToken;
  return {
    url,
    clientId,
    accessToken: answer.access_token,
    expiresAt: Date.now() + answer.expires_in * 1000,
    ...(next === undefined ? {} : { refreshToken: next }),
    user: { id, ...(name === undefined ? {} : { name }), ...(email === undefined ? {} : { email }) },
  };
}

function readClaims(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  } catch {
    return undefined;
  }
}
