import { randomBytes } from 'node:crypto';
import { OptionsError, weaknessOfSecret } from '@sallyport/core';

/** One version of the root secret. */
export interface SecretVersion {
  readonly version: number;
  readonly value: string;
}

/** Versions that are accepted and newer than the one that writes: a rotation that has begun. */
export function versionsToCome(versions: readonly SecretVersion[]): readonly number[] {
  const [writing] = versions;
  return versions.map(({ version }) => version).filter((version) => version > (writing?.version ?? version));
}

/** Makes a value for a version of the root secret: 32 random bytes. */
export function generateRootSecret(): string {
  // One value in billions spells a word of an example.
  for (;;) {
    const value = randomBytes(32).toString('base64url');
    if (weaknessOfSecret(value) === undefined) return value;
  }
}

/**
 * Reads the root secret: one value, or several versions `2:…,1:…`. The first one writes, and all of them are accepted, so
 * that gateways of a rolling rotation accept a version (`1:…,2:…`) before any of them writes with it.
 *
 * @param source - how messages name the secret, such as `SALLYPORT_SECRET`.
 * @param advice - what an operator should do when it cannot be used.
 * @throws OptionsError that names every weak or misplaced version by its number and never by its value.
 */
export function parseSecretVersions(text: string, source: string, advice: string): readonly SecretVersion[] {
  const versions = readVersions(text.trim(), source, advice);
  const problems = versions.flatMap(({ version, value }) => {
    const weakness = weaknessOfSecret(value);
    return weakness === undefined ? [] : [`version ${version} ${weakness}`];
  });
  if (new Set(versions.map(({ version }) => version)).size < versions.length)
    problems.push('the versions must be listed once each');
  if (problems.length === 0) return versions;
  throw new OptionsError(`${source} cannot be used: ${problems.join('; ')}. ${advice}`);
}

function readVersions(text: string, source: string, advice: string): readonly SecretVersion[] {
  if (!/^\d+:/.test(text)) return [{ version: 1, value: text }];
  return text.split(',').map((part) => {
    const match = /^([1-9]\d{0,8}):(.*)$/s.exec(part.trim());
    if (match?.[1] === undefined || match[2] === undefined)
      throw new OptionsError(`${source} cannot be used: a list of versions looks like 2:…,1:…. ${advice}`);
    return { version: Number(match[1]), value: match[2] };
  });
}
