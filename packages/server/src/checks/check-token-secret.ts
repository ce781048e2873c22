import type { SecretVersion } from '@sallyport/stores';
import { readTokenSecret } from '../read-token-secret.ts';
import { readConfiguredRootSecret } from './check-root-secret.ts';
import { findingsOf } from './findings-of.ts';
import type { StartCheck, StartContext } from './start-context.ts';

/** Whether the secret that signs tokens, where one does, can be used, and what it means that there is one. */
export const checkTokenSecret: StartCheck = {
  name: 'token secret',
  run: (context) => {
    const { config, environment } = context;
    let secret: string | undefined;
    const failures = findingsOf(() => {
      secret = readTokenSecret(config, environment, () => versionsOf(context));
    });
    if (failures.length > 0 || secret === undefined) return failures;
    return [
      {
        kind: 'ok',
        finding: 'tokens are signed with it (HS256): every service that knows it can make tokens for every other one',
        hint: 'Use key pairs where services can: remove tokens.signWithSharedSecretInsteadOfKeyPairs.',
      },
    ];
  },
};

/** A root secret that cannot be used is found by its own check. */
function versionsOf(context: StartContext): readonly SecretVersion[] {
  let versions: readonly SecretVersion[] | undefined;
  findingsOf(() => {
    versions = readConfiguredRootSecret(context);
  });
  return versions ?? [];
}
