import { isSecretName, type SecretValues } from '../config/environment-table.ts';
import { SecretsUnusable } from './secrets-unusable.ts';

/** More than any set of secrets needs. */
export const maxSecretBytes = 262_144;

/**
 * Reads what a source answered: a JSON object whose members are names of secrets and their values.
 *
 * @param at where in the answer the object stands, such as `data.data`.
 * @throws SecretsUnusable that names members and never repeats a value: one wrong member, and the whole set is refused.
 */
export function parseSecrets(bytes: Uint8Array, at?: string): SecretValues {
  const found = (at?.split('.') ?? []).reduce(memberOf, parseJson(bytes));
  if (!isObject(found))
    throw new SecretsUnusable(
      `gives no JSON object${at === undefined ? '' : ` at ${at}`}; secrets are its members, such as {"SMTP_URL": "…"}`,
    );
  const problems = Object.entries(found).flatMap(([name, value]) => problemsOf(name, value));
  if (problems.length > 0) throw new SecretsUnusable(problems.join('; '));
  return Object.fromEntries(Object.entries(found).map(([name, value]) => [name, String(value).trim()]));
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch {
    // The message of the parser quotes the text.
    throw new SecretsUnusable('gives no JSON');
  }
}

function memberOf(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function problemsOf(name: string, value: unknown): readonly string[] {
  // What is no name may be a secret that stands in the wrong place.
  const shown = /^[A-Z][A-Z0-9_]{0,63}$/.test(name) ? name : 'a member';
  if (!isSecretName(name)) return [`gives ${shown}, which is not the name of a secret of the gateway`];
  if (typeof value !== 'string') return [`gives ${shown}, which is not a text`];
  return value.trim() === '' ? [`gives ${shown}, which is empty: leave it out where there is none`] : [];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
