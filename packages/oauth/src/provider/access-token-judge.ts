import {
  assuranceLevels,
  freezePrincipal,
  toTokenConfirmation,
  type AuthenticatedCaller,
  type AuthenticationOutcome,
  type Principal,
} from '@sallyport/core';
import type { IdentityKernel } from '@sallyport/identity';
import { isAgent, isFromBeforeDisabling, permissionsOfClient, type OAuthClient } from '../clients/oauth-client.ts';
import type { AccessTokenClaims } from './access-token-claims.ts';
import { grantTargetOf, type Grants } from './grants.ts';

export interface AccessTokenJudgeParts extends Pick<IdentityKernel, 'directory' | 'roles'> {
  readonly credential: 'bearer' | 'opaque';
  readonly findClient: (id: string) => Promise<OAuthClient | null>;
  readonly grants: Grants;
  /** The audience of tokens for the gateway itself. */
  readonly publicOrigin: string;
  readonly now: () => Date;
}

/** Who speaks with an access token, as things are now. */
export interface AccessTokenJudge {
  readonly judge: (claims: AccessTokenClaims) => Promise<AuthenticationOutcome>;
  /** The same, by the handle of a token that was judged before; `null` for one that is worth nothing any more. */
  readonly judgeAgain: (credentialId: string) => Promise<AuthenticatedCaller | null>;
}

/** No person signed in: a step-up is never met. */
const noSignIn = new Date(0);
const handlePrefix = 'oauth.';

/**
 * Builds the judgement of access tokens whose claims are known to be ours. What a token says of its user is how that user
 * signed in; everything else is read: whether the session, the grant and the client are still there, which permissions the
 * user holds and the client is registered for. So whatever ends or narrows one of them reaches tokens that are under way.
 */
export function createAccessTokenJudge(parts: AccessTokenJudgeParts): AccessTokenJudge {
  const { credential, findClient, publicOrigin, now } = parts;
  const judge = async (claims: AccessTokenClaims): Promise<AuthenticationOutcome> => {
    const expiresAt = new Date(claims.exp * 1000);
    if (now() >= expiresAt) return { kind: 'rejected', code: 'SP_TOKEN_EXPIRED', reason: 'out-of-date' };
    const client = await findClient(claims.client_id);
    if (client === null || client.disabledAt !== undefined || isFromBeforeDisabling(client, claims.iat))
      return rejected('oauth-client-disabled');
    const principal = await principalOf(claims, client, parts);
    if (typeof principal === 'string') return rejected(principal);
    const { grant, cnf } = claims;
    const confirmation = cnf === undefined ? undefined : toTokenConfirmation(cnf);
    return {
      kind: 'authenticated',
      caller: {
        principal: freezePrincipal({ ...principal, credential }),
        credentialId: toHandle(claims),
        // Its user, session and client always end it.
        endedBy: grant === undefined ? [] : [{ kind: 'client', id: grantTargetOf(grant) }],
        ...(claims.aud === publicOrigin ? {} : { resource: claims.aud }),
        expiresAt,
        ...(confirmation === undefined ? {} : { confirmation }),
      },
    };
  };
  return {
    judge,
    async judgeAgain(credentialId) {
      const claims = parseHandle(credentialId);
      const outcome = claims === undefined ? undefined : await judge(claims);
      return outcome?.kind === 'authenticated' ? outcome.caller : null;
    },
  };
}

/** Says in a word why the token speaks for no principal. */
async function principalOf(
  claims: AccessTokenClaims,
  client: OAuthClient,
  { directory, roles, grants }: AccessTokenJudgeParts,
): Promise<(Omit<Principal, 'credential'> & { readonly kind: Principal['kind'] }) | string> {
  const granted = claims.scope.split(' ').filter((scope) => permissionsOfClient(client).includes(scope));
  if (claims.sub_type === 'service') {
    const { generation } = await roles.permissionsOf([]);
    return {
      kind: 'service',
      id: client.id,
      clientId: client.id,
      roles: [],
      permissions: granted,
      acr: 'pwd',
      amr: [],
      authTime: noSignIn,
      generation: { session: client.generation, user: 0, policy: generation },
    };
  }
  const { sid, grant, sub } = claims;
  if (sid === undefined || grant === undefined || !(await grants.isLive(grant))) return 'grant-ended';
  const session = await directory.bySid(sid);
  if (session?.principal.id !== sub) return 'session-ended';
  const { principal } = session;
  const isFirstParty = client.trust === 'first-party';
  // The organization is of the browser, whose user may turn to another one: no client goes along.
  const { profile, org, orgRoles: _orgRoles, permissions: all, ...rest } = principal;
  const permissions = org === undefined ? all : (await roles.permissionsOf(principal.roles)).permissions;
  return {
    ...rest,
    ...(isFirstParty && profile !== undefined ? { profile } : {}),
    clientId: client.id,
    // Services and logs say who acted, and for whom.
    ...(isAgent(client) ? { actor: { id: client.id } } : {}),
    roles: isFirstParty ? [...principal.roles] : [],
    permissions: isFirstParty ? [...permissions] : granted.filter((permission) => permissions.includes(permission)),
    // How its user signed in when it was made: what was proved since then was not proved to this client.
    acr: assuranceLevels.find((level) => level === claims.acr) ?? 'pwd',
    amr: [...claims.amr],
    authTime: new Date(claims.auth_time * 1000),
  };
}

/** Everything that judges the token anew, and nothing that could be presented. */
function toHandle(claims: AccessTokenClaims): string {
  return handlePrefix + Buffer.from(JSON.stringify(claims)).toString('base64url');
}

function parseHandle(credentialId: string): AccessTokenClaims | undefined {
  if (!credentialId.startsWith(handlePrefix)) return undefined;
  const text = Buffer.from(credentialId.slice(handlePrefix.length), 'base64url').toString();
  return JSON.parse(text) as AccessTokenClaims; // Written by `toHandle`: handles come from the gateway alone.
}

function rejected(reason: string): AuthenticationOutcome {
  return { kind: 'rejected', code: 'SP_TOKEN_INVALID', reason };
}
