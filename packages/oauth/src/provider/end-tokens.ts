import type { RequestContext } from '@sallyport/core';
import type { AccessTokenClaims } from './access-token-claims.ts';
import type { Delegations } from './delegations.ts';
import type { Grants } from './grants.ts';

/**
 * Ends what a token was made under (RFC 7009, section 2.1): the grant, with all of its tokens; of a token of token exchange
 * what its client exchanged, so that the client which was let in goes on.
 *
 * @returns whether there is something to end: a token of a client itself lasts for the minutes that it says.
 */
export async function endTokensLike(
  { grant, act }: Pick<AccessTokenClaims, 'grant' | 'act'>,
  {
    grants,
    delegations,
  }: { readonly grants: Pick<Grants, 'end' | 'clientOf'>; readonly delegations: Pick<Delegations, 'endTokens'> },
  context: RequestContext,
): Promise<boolean> {
  if (grant === undefined) return false;
  if (act === undefined || act.sub === (await grants.clientOf(grant))) await grants.end(grant, context);
  else await delegations.endTokens(grant, act.sub);
  return true;
}
