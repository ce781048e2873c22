import {
  assuranceLevels,
  freezePrincipal,
  toTokenConfirmation,
  type AuthenticatedCaller,
  type AuthenticationOutcome,
  type Principal,
  type RevocationTarget,
} from '@sallyport/core';
import type { IdentityKernel } from '@sallyport/identity';
import { isAgent, isFromBeforeDisabling, permissionsOfClient, type OAuthClient } from '../clients/oauth-client.ts';
import type { AccessTokenClaims } from './access-token-claims.ts';
import { actorsOf, toActor } from './actor-chain.ts';
import { delegationTargetOf, type Delegations } from './delegations.ts';
import { grantTargetOf, type Grants } from './grants.ts';

export interface AccessTokenJudgeParts extends Pick<IdentityKernel, 'directory' | 'roles'> {
  readonly credential: 'bearer' | 'opaque';
  readonly findClient: (id: string) => Promise<OAuthClient | null>;
  readonly grants: Pick<Grants, 'clientOf'>;
  readonly delegations: Pick<Delegations, 'isLive'>;
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

/** What a token comes to, beside what its form says. */
interface Judged {
  readonly principal: Omit<Principal, 'credential'> & { readonly kind: Principal['kind'] };
  readonly endedBy: readonly RevocationTarget[];
}

/** Which clients a token depends on beside its own client: those that handed it on by token exchange. */
interface Chain {
  /** The client that the user let in. */
  readonly granted: OAuthClient;
  /** Those that acted since, but for that one. */
  readonly actors: readonly OAuthClient[];
}

/** No person signed in: a step-up is never met. */
const noSignIn = new Date(0);
const handlePrefix = 'oauth.';

/**
 * Builds the judgement of access tokens whose claims are known to be ours. What a token says of its user is how that user
 * signed in; everything else is read: whether the session, the grant and the client are still there, which permissions the
 * user holds and the client is registered for. So whatever ends or narrows one of them reaches tokens that are under way. Of
 * a token of token exchange the same is read of each client that it went through.
 */
export function createAccessTokenJudge(parts: AccessTokenJudgeParts): AccessTokenJudge {
  const { credential, publicOrigin, now } = parts;
  const judge = async (claims: AccessTokenClaims): Promise<AuthenticationOutcome> => {
    const expiresAt = new Date(claims.exp * 1000);
    if (now() >= expiresAt) return { kind: 'rejected', code: 'SP_TOKEN_EXPIRED', reason: 'out-of-date' };
    const client = await findLiveClient(claims.client_id, claims, parts);
    if (client === undefined) return rejected('oauth-client-disabled');
    const judged =
      claims.sub_type === 'service'
        ? await judgeService(claims, client, parts)
        : await judgeUser(claims, client, parts);
    if (typeof judged === 'string') return rejected(judged);
    const { principal, endedBy } = judged;
    const confirmation = claims.cnf === undefined ? undefined : toTokenConfirmation(claims.cnf);
    return {
      kind: 'authenticated',
      caller: {
        principal: freezePrincipal({ ...principal, credential }),
        credentialId: toHandle(claims),
        // Its user, session and client always end it.
        endedBy,
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

async function findLiveClient(
  id: string,
  { iat }: AccessTokenClaims,
  { findClient }: Pick<AccessTokenJudgeParts, 'findClient'>,
): Promise<OAuthClient | undefined> {
  const client = await findClient(id);
  const isLive = client !== null && client.disabledAt === undefined && !isFromBeforeDisabling(client, iat);
  return isLive ? client : undefined;
}

async function judgeService(
  claims: AccessTokenClaims,
  client: OAuthClient,
  { roles }: AccessTokenJudgeParts,
): Promise<Judged> {
  const { generation } = await roles.permissionsOf([]);
  const principal = {
    kind: 'service',
    id: client.id,
    clientId: client.id,
    roles: [],
    permissions: scopesWithin(claims, [client]),
    acr: 'pwd',
    amr: [],
    authTime: noSignIn,
    generation: { session: client.generation, user: 0, policy: generation },
  } as const;
  return { principal, endedBy: [] };
}

/** Says in a word why the token speaks for no user. */
async function judgeUser(
  claims: AccessTokenClaims,
  client: OAuthClient,
  parts: AccessTokenJudgeParts,
): Promise<Judged | string> {
  const { directory, roles, grants } = parts;
  const { sid, grant, sub, act } = claims;
  const grantedTo = sid === undefined || grant === undefined ? null : await grants.clientOf(grant);
  if (sid === undefined || grant === undefined || grantedTo === null) return 'grant-ended';
  const chain = act === undefined ? undefined : await chainOf(claims, grant, grantedTo, parts);
  if (typeof chain === 'string') return chain;
  // Its own client is the one that was let in, or the one that acts.
  if (client.id !== (act?.sub ?? grantedTo)) return 'grant-of-another-client';
  const session = await directory.bySid(sid);
  if (session?.principal.id !== sub) return 'session-ended';
  const { principal } = session;
  // What is the product's own has what its user has; nothing that was handed on has.
  const isFirstParty = client.trust === 'first-party' && chain === undefined;
  // The organization is of the browser, whose user may turn to another one: no client goes along.
  const { profile, org, orgRoles: _orgRoles, permissions: all, ...rest } = principal;
  const permissions = org === undefined ? all : (await roles.permissionsOf(principal.roles)).permissions;
  // Services and logs say who acts, and for which user.
  const own = isAgent(client) ? { id: client.id } : undefined;
  const actor = act === undefined ? own : toActor(act);
  const clients = chain === undefined ? [client] : [client, chain.granted, ...chain.actors];
  return {
    principal: {
      ...rest,
      ...(isFirstParty && profile !== undefined ? { profile } : {}),
      clientId: client.id,
      roles: isFirstParty ? [...principal.roles] : [],
      permissions: isFirstParty
        ? [...permissions]
        : scopesWithin(claims, clients).filter((permission) => permissions.includes(permission)),
      // How its user signed in when it was made: what was proved since then was not proved to this client.
      acr: assuranceLevels.find((level) => level === claims.acr) ?? 'pwd',
      amr: [...claims.amr],
      authTime: new Date(claims.auth_time * 1000),
      ...(actor === undefined ? {} : { actor }),
    },
    endedBy: [{ kind: 'client', id: grantTargetOf(grant) }, ...(chain === undefined ? [] : endsOf(chain, grant))],
  };
}

/** Finds those that a token went through. Says in a word why one of them does not act any more. */
async function chainOf(
  claims: AccessTokenClaims,
  grant: string,
  grantedTo: string,
  parts: AccessTokenJudgeParts,
): Promise<Chain | string> {
  const granted = await findLiveClient(grantedTo, claims, parts);
  if (granted === undefined) return 'oauth-client-disabled';
  const actors: OAuthClient[] = [];
  for (const id of new Set(actorsOf(claims.act))) {
    // What it does it was let do by the user.
    if (id === grantedTo) continue;
    const actor = await findLiveClient(id, claims, parts);
    if (actor === undefined) return 'oauth-client-disabled';
    if (!(await parts.delegations.isLive(grant, id, claims.iat))) return 'delegation-ended';
    actors.push(actor);
  }
  return { granted, actors };
}

function endsOf({ granted, actors }: Chain, grant: string): readonly RevocationTarget[] {
  return [
    ...[granted, ...actors].map(({ id }) => ({ kind: 'client', id }) as const),
    ...actors.map(({ id }) => ({ kind: 'client', id: delegationTargetOf(grant, id) }) as const),
  ];
}

/** Of what a token says, what every one of the clients is registered for. */
function scopesWithin({ scope }: AccessTokenClaims, clients: readonly OAuthClient[]): readonly string[] {
  return scope.split(' ').filter((each) => clients.every((client) => permissionsOfClient(client).includes(each)));
}

/** Everything that judges the token anew, and nothing that could be presented. */
function toHandle(claims: AccessTokenClaims): string {
  return handlePrefix + Buffer.from(JSON.stringify(claims)).toString('base64url');
}

/** Reads a handle; `undefined` for one that is none. */
export function parseHandle(credentialId: string): AccessTokenClaims | undefined {
  if (!credentialId.startsWith(handlePrefix)) return undefined;
  const text = Buffer.from(credentialId.slice(handlePrefix.length), 'base64url').toString();
  return JSON.parse(text) as AccessTokenClaims; // Written by `toHandle`: handles come from the gateway alone.
}

function rejected(reason: string): AuthenticationOutcome {
  return { kind: 'rejected', code: 'SP_TOKEN_INVALID', reason };
}
