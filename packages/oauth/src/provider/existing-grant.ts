import type { Grant, KoaContextWithOIDC } from 'oidc-provider';
import { isFirstParty } from './own-client.ts';

/**
 * Finds what a client was granted in this session. A first-party client is the product itself, which asks for no consent:
 * it is granted what it asks for, of what it is registered for.
 */
export async function loadExistingGrant(ctx: KoaContextWithOIDC): Promise<Grant | undefined> {
  const { client, session, result, provider } = ctx.oidc;
  const accountId = session?.accountId;
  if (client === undefined || session === undefined || accountId === undefined) return undefined;
  const grantId = result?.consent?.grantId ?? session.grantIdFor(client.clientId);
  const known = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  const existing = known?.accountId === accountId && known.clientId === client.clientId ? known : undefined;
  if (!isFirstParty(client)) return existing;
  const grant = existing ?? new provider.Grant({ accountId, clientId: client.clientId });
  if (grantEverything(ctx, grant) || existing === undefined) await grant.save();
  return grant;
}

/** @returns whether there was anything that was not granted before. */
function grantEverything({ oidc }: KoaContextWithOIDC, grant: Grant): boolean {
  const encountered = new Set(grant.getOIDCScopeEncountered().split(' '));
  const scopes = [...oidc.requestParamOIDCScopes].filter((scope) => !encountered.has(scope));
  if (scopes.length > 0) grant.addOIDCScope(scopes.join(' '));
  let isMore = scopes.length > 0;
  for (const [resource, { scopes: offered }] of Object.entries(oidc.resourceServers ?? {})) {
    const granted = new Set(grant.getResourceScopeEncountered(resource).split(' '));
    const more = [...oidc.requestParamScopes].filter((scope) => offered.has(scope) && !granted.has(scope));
    if (more.length > 0) grant.addResourceScope(resource, more.join(' '));
    isMore ||= more.length > 0;
  }
  return isMore;
}
