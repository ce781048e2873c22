import { exitCodes, UsageError } from '@sallyport/core';

/** How a shared secret is changed: no command gives services another one. */
export function sharedSecretRefusal(): UsageError {
  return new UsageError(
    'Tokens are signed with a shared secret, which no command changes: give SALLYPORT_TOKEN_SECRET another value here and at ' +
      'every service. "new,old" accepts both and signs with the first; when the old one may be known to others, the new ' +
      'one alone. docs/operations/keys.md says in which order.',
    exitCodes.refused,
  );
}

/** When running gateways know of a change of the keys, in words. */
export function noticedWithin(isAtGateway: boolean, { redisUrl, cacheSeconds }: KeyPlace): string {
  return isAtGateway || redisUrl !== undefined ? 'from now on' : `within ${Math.ceil(cacheSeconds / 10)} s`;
}

/** What says when gateways follow. */
export interface KeyPlace {
  readonly redisUrl: string | undefined;
  readonly cacheSeconds: number;
}
