import { ConfigurationError, readTokenSecret } from '@sallyport/server';
import type { SecretVersion } from '@sallyport/stores';
import type { Finding, Settings } from './finding.ts';

const check = 'token secret';

/** Looks at the secret that signs tokens, where one does: whether it can be used, and what it means that there is one. */
export function checkTokenSecret(
  { config, environment }: Settings,
  rootSecret: readonly SecretVersion[] = [],
): readonly Finding[] {
  try {
    if (readTokenSecret(config, environment, rootSecret) === undefined) return [];
    return [
      {
        check,
        state: 'note',
        finding: 'tokens are signed with it (HS256): every service that knows it can make tokens for every other one',
        fix: 'Use key pairs where services can: remove tokens.signWithSharedSecretInsteadOfKeyPairs.',
      },
    ];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.map(({ key, problem }) => ({ check, state: 'bad', finding: `${key} ${problem}` }));
  }
}
