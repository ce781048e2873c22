import { errors, type UnknownObject } from 'oidc-provider';

/** The identifier of access tokens (RFC 8693, section 3). */
export const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';

/** What a client says in a token exchange beside what every request to the token endpoint says. */
export const exchangeParameters = [
  'subject_token',
  'subject_token_type',
  'actor_token',
  'actor_token_type',
  'requested_token_type',
  'resource',
  'audience',
  'scope',
] as const;

/** Those that may come several times (RFC 8693, section 2.1): one target is all that is served. */
export const repeatableParameters = ['resource', 'audience'] as const;

/** A token exchange that is asked for. */
export interface ExchangeRequest {
  readonly subjectToken: string;
  readonly actorToken: string | undefined;
  /** What the token is to be for; the gateway where nothing is said. */
  readonly target: string | undefined;
  /** `undefined` asks for all that is left. */
  readonly scopes: readonly string[] | undefined;
}

/**
 * Reads the request.
 *
 * @throws InvalidRequest for a parameter that is missing, or a type that is not exchanged here; InvalidTarget for two targets
 *   (RFC 8693, section 2.2.2).
 */
export function readExchangeRequest(params: UnknownObject): ExchangeRequest {
  const text = (name: (typeof exchangeParameters)[number]): string | undefined => {
    const value = params[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const subjectToken = text('subject_token');
  if (subjectToken === undefined) throw new errors.InvalidRequest("missing required parameter 'subject_token'");
  requireType('subject_token_type', text('subject_token_type'), true);
  const actorToken = text('actor_token');
  // RFC 8693, section 2.1: both of them, or neither.
  if (actorToken === undefined && text('actor_token_type') !== undefined)
    throw new errors.InvalidRequest("'actor_token_type' needs an 'actor_token'");
  requireType('actor_token_type', text('actor_token_type'), actorToken !== undefined);
  requireType('requested_token_type', text('requested_token_type'), false);
  const scope = text('scope');
  return {
    subjectToken,
    actorToken,
    target: targetOf(params),
    scopes: scope === undefined ? undefined : scope.split(' ').filter((each) => each !== ''),
  };
}

function requireType(name: string, value: string | undefined, isRequired: boolean): void {
  if (value === undefined && isRequired) throw new errors.InvalidRequest(`missing required parameter '${name}'`);
  if (value !== undefined && value !== accessTokenType)
    throw new errors.InvalidRequest(`'${name}' must be ${accessTokenType}`);
}

/** A logical name is the address of a resource here. */
function targetOf({ resource, audience }: UnknownObject): string | undefined {
  const named = [resource, audience].flat().filter((each) => typeof each === 'string' && each !== '');
  const [target, other] = [...new Set(named)];
  if (other !== undefined) throw new errors.InvalidTarget('a token is made for one resource');
  return typeof target === 'string' ? target : undefined;
}
