import { errors, type Client, type KoaContextWithOIDC, type TokenEndpointGrantContext } from 'oidc-provider';
import type { RequestContext, SecurityEventLog, SessionDirectory } from '@sallyport/core';
import { whereOf } from '@sallyport/identity';
import { actorsOf, maxActors, toActorClaim, withActor, type ActorClaim } from './actor-chain.ts';
import type { Delegations } from './delegations.ts';
import { accessTokenType, readExchangeRequest, type ExchangeRequest } from './exchange-request.ts';
import { readPresentedProof, type PresentedProof } from './exchange-proof.ts';
import { noteExchangedClaims } from './exchanged-tokens.ts';
import type { Grants } from './grants.ts';
import { ownClientOf } from './own-client.ts';
import type { ProviderEvent } from './provider-events.ts';
import { createProviderResources, isSameResource, type ProviderResourceParts } from './provider-resources.ts';
import type { SubjectToken, SubjectTokens } from './subject-tokens.ts';
import type { TokenRequest } from './token-request.ts';

export interface TokenExchangeParts extends ProviderResourceParts {
  readonly subjects: SubjectTokens;
  readonly grants: Pick<Grants, 'clientOf'>;
  readonly delegations: Pick<Delegations, 'find' | 'wasRevoked' | 'begin'>;
  readonly events: SecurityEventLog<ProviderEvent>;
  /** What the gateway knows of a request. */
  readonly contextOf: (ctx: KoaContextWithOIDC) => RequestContext;
  readonly directory: Pick<SessionDirectory, 'bySid'>;
  /** The request that is being answered. */
  readonly tokenRequest: () => TokenRequest | undefined;
  readonly now: () => Date;
}

/** One exchange, with what was found out about it. */
interface Exchange {
  readonly ctx: TokenEndpointGrantContext;
  readonly client: Client;
  readonly asked: ExchangeRequest;
  readonly subject: SubjectToken;
  readonly proof: PresentedProof;
  readonly request: TokenRequest;
}

/**
 * Builds the grant type of token exchange (RFC 8693): a client presents an access token of a user and gets one with which it
 * acts for that user, named in `act`. What it gets is never more than what it presents: the permissions of both, one of its own
 * resources, the same sign-in, no longer a life, no refresh token. Nothing is used up, so that a request that is lost is sent
 * again.
 */
export function createTokenExchange(parts: TokenExchangeParts): (ctx: TokenEndpointGrantContext) => Promise<void> {
  const { subjects, tokenRequest } = parts;
  return async (ctx) => {
    const { client, params } = ctx.oidc;
    const request = tokenRequest();
    if (request === undefined) throw new TypeError('a token is exchanged outside of a token request');
    const asked = readExchangeRequest(params);
    const subject = await subjects.read(asked.subjectToken);
    if ('refusal' in subject) throw refuseSubject(request, subject.refusal);
    const proof = await readPresentedProof(ctx, parts.contextOf(ctx).certificate);
    const exchange: Exchange = { ctx, client, asked, subject, proof, request };
    requireOwnOrServed(exchange);
    requireProof(exchange);
    await requireOwnActor(exchange, parts);
    const act = extendChain(exchange);
    await issue(exchange, act, parts);
  };
}

/**
 * Who may exchange a token: the client that it was issued to, and the one that is the resource which it was made for. Every
 * other one has it by mistake, or has stolen it.
 */
function requireOwnOrServed({ client, subject, request }: Exchange): void {
  const isOwn = subject.claims.client_id === client.clientId;
  if (!isOwn && !isServed(client, subject)) throw refuseSubject(request, 'token-of-another-client');
}

function isServed(client: Client, { claims }: SubjectToken): boolean {
  return ownClientOf(client).serves.some((each) => isSameResource(each, claims.aud));
}

/** A token that is bound to a key is worth nothing without it, here as at the gateway (RFC 9449, section 7; RFC 8705, section 3). */
function requireProof({ subject: { confirmation }, proof, request }: Exchange): void {
  if (confirmation !== undefined && !proof.confirms(confirmation))
    throw refuseSubject(request, 'not-the-key-of-the-token');
}

/** Who acts is the client that asks. A token of its own beside it may say so once more, and none of another one. */
async function requireOwnActor(
  { client, asked: { actorToken }, proof, request }: Exchange,
  { subjects }: TokenExchangeParts,
): Promise<void> {
  if (actorToken === undefined || (await subjects.isOfClient(actorToken, client.clientId, proof))) return;
  request.refusal = 'actor-token-refused';
  throw new errors.InvalidRequest("'actor_token' must be an access token of the client itself");
}

function extendChain({ client, subject, request }: Exchange): ActorClaim {
  const { actor } = subject.user;
  const act = withActor(actor === undefined ? undefined : toActorClaim(actor), client.clientId);
  if (actorsOf(act).length <= maxActors) return act;
  request.refusal = 'actor-chain-too-long';
  throw new errors.InvalidRequest(`a token names at most ${maxActors} clients that act`);
}

/**
 * Notes who acts for the user before it can, so that they see it and can end it. Resolves to the second up to which tokens of
 * the client were given up.
 */
async function keepDelegation(
  { ctx, client: { clientId }, subject: { claims }, request }: Exchange,
  { grants, delegations, directory, events, contextOf, now }: TokenExchangeParts,
): Promise<number | undefined> {
  const { grant: grantId, sid, sub: accountId } = claims;
  const grantedTo = await grants.clientOf(grantId);
  // What it does it was let do by the user itself.
  if (grantedTo === clientId) return undefined;
  const known = await delegations.find(grantId, clientId);
  if (known?.isRevoked === true) throw refuseSubject(request, 'delegation-ended');
  const session = await directory.bySid(sid);
  if (grantedTo === null || session === null) throw refuseSubject(request, 'grant-ended');
  if (known !== undefined) return known.tokensSince;
  // Another app of the same sign-in would hand it what its user took back.
  if (await delegations.wasRevoked({ clientId, accountId, sid })) throw refuseSubject(request, 'delegation-ended');
  await delegations.begin({ grantId, clientId, accountId, sid }, session.absoluteExpiresAt, () =>
    events.append({
      type: 'oauth-delegation.begun',
      at: now(),
      outcome: 'success',
      actor: clientId,
      target: accountId,
      sid,
      ...whereOf(contextOf(ctx)),
      details: { clientId, grantedTo },
    }),
  );
  return undefined;
}

async function issue(exchange: Exchange, act: ActorClaim, parts: TokenExchangeParts): Promise<void> {
  const { ctx, client, asked, subject, proof, request } = exchange;
  const { claims } = subject;
  const { provider } = ctx.oidc;
  const isHandedOver = isServed(client, subject);
  const target = asked.target ?? (isHandedOver ? parts.publicOrigin : claims.aud);
  const server = createProviderResources(parts).getResourceServerInfo(ctx, target, client);
  // What its user let it have at one resource it does not have at another one, and the gateway is the widest of all.
  const isWithin = claims.aud === parts.publicOrigin || server.audience === claims.aud;
  if (!isHandedOver && !isWithin) throw new errors.InvalidTarget('the subject token is for another resource');
  const at = Math.floor(parts.now().getTime() / 1000);
  if (claims.exp <= at) throw refuseSubject(request, 'out-of-date');
  const token = new provider.AccessToken({
    accountId: claims.sub,
    client,
    sessionUid: claims.sid,
    grantId: claims.grant,
    gty: 'token_exchange',
    scope: narrowScopes(asked, subject, server.scope.split(' ')).join(' '),
    resourceServer: new provider.ResourceServer(target, server),
  });
  // Said as a time: the seconds from now on would be counted from when the token is signed.
  token.exp = Math.min(at + parts.accessSeconds, claims.exp);
  const { acr, amr, auth_time } = claims;
  noteExchangedClaims(token, { acr, amr, auth_time, act });
  const givenUp = await keepDelegation(exchange, parts);
  // Tokens count in seconds: one of the second in which the others were given up would be worth nothing as well.
  if (givenUp !== undefined && givenUp >= at) token.iat = givenUp + 1;
  await proof.bind(token, subject.confirmation);
  ctx.oidc.entity('AccessToken', token);
  const value = await token.save();
  ctx.body = {
    access_token: value,
    issued_token_type: accessTokenType,
    token_type: token.tokenType,
    expires_in: token.exp - at,
    // RFC 6749, section 5.1: what it is, where that is not what was asked for.
    scope: token.scope ?? '',
  };
}

/** What the token says and its user holds, of what the client may have at the resource. */
function narrowScopes(
  { scopes }: ExchangeRequest,
  { claims, user }: SubjectToken,
  permissions: readonly string[],
): readonly string[] {
  const left = claims.scope
    .split(' ')
    .filter((scope) => user.permissions.includes(scope) && permissions.includes(scope));
  const beyond = scopes?.find((scope) => !left.includes(scope));
  if (beyond !== undefined)
    throw new errors.InvalidScope(
      'the scope is not one of the subject token, of the client and of the resource',
      beyond,
    );
  return scopes === undefined ? left : [...new Set(scopes)];
}

/** One answer for every token that is not exchanged: which of the reasons it is, is for the log. */
function refuseSubject(request: TokenRequest, refusal: string): Error {
  request.refusal = refusal;
  // RFC 8693, section 2.2.2: also where the token is invalid.
  return new errors.InvalidRequest("'subject_token' is not one that this client may exchange");
}
