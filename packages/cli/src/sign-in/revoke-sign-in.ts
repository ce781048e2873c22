import type { KeptSignIn } from './kept-sign-in.ts';
import { discoverServer, postForm } from './oauth-server.ts';

/**
 * Ends a sign-in at its gateway (RFC 7009), with all of its tokens.
 *
 * @returns whether the gateway took it; it says the same of a sign-in that is over. Rejects where it does not answer.
 */
export async function revokeSignIn({ url, clientId, refreshToken, accessToken }: KeptSignIn): Promise<boolean> {
  const { revocationEndpoint } = await discoverServer(url);
  const token = refreshToken ?? accessToken;
  const reply = await postForm(url, revocationEndpoint, { token, client_id: clientId });
  return reply.kind === 'done';
}
