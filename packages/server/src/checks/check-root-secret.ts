import type { CheckFinding } from '@sallyport/core';
import { readRootSecret, versionsToCome, type SecretVersion } from '@sallyport/stores';
import { findingsOf } from './findings-of.ts';
import type { StartCheck, StartContext } from './start-context.ts';

/** Whether the root secret can be used. One that is absent is not made. */
export const checkRootSecret: StartCheck = {
  name: 'root secret',
  run: (context) => {
    let versions: readonly SecretVersion[] | undefined;
    const failures = findingsOf(() => {
      versions = readConfiguredRootSecret(context);
    });
    return failures.length > 0 ? failures : [describe(versions, context)];
  },
};

/** The root secret, where there is one by now. */
export function readConfiguredRootSecret({ config, environment }: StartContext): readonly SecretVersion[] | undefined {
  return readRootSecret({ dataDir: config.dataDir, environmentValue: environment.secret });
}

function describe(
  versions: readonly SecretVersion[] | undefined,
  { config, environment, preset }: StartContext,
): CheckFinding {
  if (versions === undefined)
    return { kind: 'ok', finding: 'none yet', hint: `The first start generates one into ${config.dataDir}.` };
  const isInEnvironment = environment.secret !== undefined;
  const place = isInEnvironment ? 'from the environment' : 'in the data folder';
  const finding = `${place}, version ${versions.map(({ version }) => version).join(', ')}`;
  const toCome = versionsToCome(versions);
  if (toCome.length > 0)
    return {
      kind: 'ok',
      finding: `${finding}; version ${toCome.join(', ')} is accepted and does not write yet`,
      hint: 'Once every gateway has it, list it first.',
    };
  const isKept = isInEnvironment || preset !== undefined || !environment.isProduction;
  return isKept
    ? { kind: 'ok', finding }
    : { kind: 'ok', finding, hint: 'Keep a copy of it apart from the backup of the database.' };
}
