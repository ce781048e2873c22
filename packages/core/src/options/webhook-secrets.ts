import { weaknessOfSecret } from './secret-strength.ts';
import { webhookSecretName, type WebhookOptions } from './webhook.ts';

/** The secrets of webhooks by their names. One of several is used by the sender; all are tried. */
export type WebhookSecrets = ReadonlyMap<string, readonly string[]>;

/** As many secrets of one name: the one in use, and those of a rotation. */
const maxSecretsOfName = 4;

/** Standard Webhooks, "Symmetric": between 24 and 64 bytes. */
const standardBytes = { min: 24, max: 64 };

/** What `parseWebhookSecrets` made of a text. Problems name secrets and never their values. */
export interface ParsedWebhookSecrets {
  readonly secrets: WebhookSecrets;
  readonly problems: readonly string[];
}

/**
 * Reads the value of `SALLYPORT_WEBHOOK_SECRETS`: `name=secret`, with blanks or line breaks between. A name that comes
 * several times has several secrets, for rotation.
 *
 * @example
 * parseWebhookSecrets('billing=whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD github=2f9c…');
 */
export function parseWebhookSecrets(text: string): ParsedWebhookSecrets {
  const secrets = new Map<string, string[]>();
  const problems: string[] = [];
  for (const [index, item] of text.split(/\s+/).filter(Boolean).entries()) {
    const [name = '', value = ''] = splitOnce(item);
    // What is no name may be a secret.
    if (!webhookSecretName.test(name) || value === '') problems.push(`has no name=secret as item ${index + 1}`);
    else if (!/^[!-~]+$/.test(value)) problems.push(`has a secret "${name}" that is not ASCII`);
    else secrets.set(name, [...(secrets.get(name) ?? []), value]);
  }
  const owners = new Map<string, string>();
  for (const [name, values] of secrets) {
    if (values.length > maxSecretsOfName) problems.push(`has more than ${maxSecretsOfName} secrets "${name}"`);
    for (const value of values) {
      const owner = owners.get(value);
      if (owner === name) problems.push(`has the same secret "${name}" twice`);
      else if (owner !== undefined)
        problems.push(
          `has one secret for "${owner}" and "${name}": what one sender signed would be taken from the other`,
        );
      owners.set(value, name);
    }
  }
  return { secrets, problems };
}

/** Says why secrets cannot verify deliveries of this form, in sentences that go on after their name. */
export function problemsOfWebhookSecrets(
  values: readonly string[],
  { hmac }: Pick<WebhookOptions, 'hmac'>,
): readonly string[] {
  return values.flatMap((value) => {
    if (hmac === undefined) return keyOfStandardSecret(value) === undefined ? [standardProblem] : [];
    const weakness = weaknessOfSecret(value);
    return weakness === undefined ? [] : [weakness];
  });
}

/**
 * The key of an HMAC. Of Standard Webhooks it is what the secret encodes; of every other form it is the secret as it is
 * written. `undefined` for what is no secret of Standard Webhooks.
 */
export function keyOfWebhookSecret(value: string, { hmac }: Pick<WebhookOptions, 'hmac'>): Uint8Array | undefined {
  return hmac === undefined ? keyOfStandardSecret(value) : new TextEncoder().encode(value);
}

const standardProblem = `is no secret of Standard Webhooks: "whsec_" and ${standardBytes.min} to ${standardBytes.max} bytes in base64`;

function keyOfStandardSecret(value: string): Uint8Array | undefined {
  if (!value.startsWith('whsec_')) return undefined;
  const text = value.slice('whsec_'.length);
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return undefined;
  const key = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  if (key.length < standardBytes.min || key.length > standardBytes.max) return undefined;
  return new Set(key).size < standardBytes.min / 3 ? undefined : key;
}

function splitOnce(item: string): readonly string[] {
  const at = item.indexOf('=');
  return at === -1 ? [item] : [item.slice(0, at), item.slice(at + 1)];
}
