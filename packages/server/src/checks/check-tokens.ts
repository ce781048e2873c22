import type { Config } from '../config/config-schema.ts';
import type { StartCheck } from './start-context.ts';

/** What access tokens of programs open, and how long they last. */
export const checkTokens: StartCheck = {
  name: 'tokens',
  run: ({ config: { firstPartyTokens, routes } }) => {
    if (firstPartyTokens === undefined) return [];
    const kind = firstPartyTokens.accessTokens === 'opaque' ? 'opaque' : 'bearer';
    const opened = routes.filter(({ credentials }) => credentials.includes(kind)).map(({ name }) => `"${name}"`);
    const lives = describeLife(firstPartyTokens);
    if (opened.length > 0) return [{ kind: 'ok', finding: `${lives}; they open ${opened.join(', ')}` }];
    return [
      {
        kind: 'ok',
        finding: `${lives}; they open no route`,
        hint: `Write credentials: ['session', '${kind}'] in the routes that programs call, or leave firstPartyTokens out.`,
      },
    ];
  },
};

function describeLife({
  accessTokens,
  accessMinutes,
  refreshDays,
  maxDays,
}: NonNullable<Config['firstPartyTokens']>): string {
  const form = accessTokens === 'opaque' ? 'opaque texts' : 'JWTs';
  return `access tokens are ${form} of ${accessMinutes} minutes, refresh tokens last ${refreshDays} days unused and ${maxDays} at all`;
}
