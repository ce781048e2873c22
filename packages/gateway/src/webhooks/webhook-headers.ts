import { SallyportError, type WebhookOptions } from '@sallyport/core';

/** What a sender says of a delivery in its headers. Nothing of it is believed before the body has come. */
export interface WebhookHeaders {
  /** Its id, where one is signed. */
  readonly id: string | undefined;
  /** Seconds since 1970, as it is written; `undefined` where no time is signed. */
  readonly timestamp: string | undefined;
  /** Of SHA-256: 32 bytes each. */
  readonly signatures: readonly Buffer[];
}

/** The headers of Standard Webhooks. */
const standard = { id: 'webhook-id', timestamp: 'webhook-timestamp', signature: 'webhook-signature' } as const;

const defaultToleranceSeconds = 300;

/** A sender that changes its secret sends one signature for each; no sender needs more. */
const maxSignatures = 16;

/** What is signed is `id.timestamp.body`: an id with a dot in it could be read in two ways. */
const idForm = /^[!-\-/-~]{1,256}$/;
const timestampForm = /^[1-9]\d{0,10}$/;

/**
 * Reads the headers of a delivery, before a byte of its body is kept.
 *
 * @param raw names and values, in turn, as they came: a header that comes twice has no meaning.
 * @param at milliseconds since 1970.
 * @throws `SP_WEBHOOK_UNVERIFIED` when one is missing or malformed, and when its time is too far from now.
 */
export function readWebhookHeaders(raw: readonly string[], options: WebhookOptions, at: number): WebhookHeaders {
  const headers = options.hmac === undefined ? readStandard(raw) : readHmac(raw, options.hmac);
  requireTimely(headers, options, at);
  return headers;
}

/**
 * Compares the time of a delivery with that of the gateway: what is far from it was kept for a while by who sends it now.
 *
 * @throws `SP_WEBHOOK_UNVERIFIED`
 */
export function requireTimely({ timestamp }: WebhookHeaders, options: WebhookOptions, at: number): void {
  if (timestamp === undefined) return;
  const { toleranceSeconds = defaultToleranceSeconds } = options;
  const age = Math.floor(at / 1000) - Number(timestamp);
  if (age > toleranceSeconds) refuse('webhook-too-old');
  if (-age > toleranceSeconds) refuse('webhook-from-the-future');
}

/** When a copy of a delivery is refused for its age alone: in milliseconds since 1970. */
export function endOfDelivery({ timestamp }: WebhookHeaders, options: WebhookOptions, at: number): number {
  const { toleranceSeconds = defaultToleranceSeconds, rememberSeconds = 604_800 } = options;
  return timestamp === undefined ? at + rememberSeconds * 1000 : (Number(timestamp) + toleranceSeconds) * 1000;
}

function readStandard(raw: readonly string[]): WebhookHeaders {
  const id = wellFormed(oneOf(raw, standard.id), idForm);
  const timestamp = wellFormed(oneOf(raw, standard.timestamp), timestampForm);
  const items = oneOf(raw, standard.signature).split(' ');
  return { id, timestamp, signatures: readSignatures(items, 'v1,', 'base64') };
}

function readHmac(raw: readonly string[], hmac: NonNullable<WebhookOptions['hmac']>): WebhookHeaders {
  const items = oneOf(raw, hmac.header)
    .split(',')
    .map((item) => item.trim());
  const timestamp = hmac.timestamp === undefined ? undefined : timestampIn(raw, items, hmac.timestamp);
  return { id: undefined, timestamp, signatures: readSignatures(items, hmac.prefix, hmac.encoding) };
}

function timestampIn(
  raw: readonly string[],
  items: readonly string[],
  place: { readonly header: string } | { readonly member: string },
): string {
  if ('header' in place) return wellFormed(oneOf(raw, place.header), timestampForm);
  const found = items.filter((item) => item.startsWith(`${place.member}=`));
  if (found.length !== 1) refuse(found.length === 0 ? 'webhook-header-missing' : 'webhook-header-repeated');
  return wellFormed(found[0]?.slice(place.member.length + 1) ?? '', timestampForm);
}

function readSignatures(items: readonly string[], prefix: string, encoding: 'hex' | 'base64'): readonly Buffer[] {
  if (items.length > maxSignatures) refuse('webhook-header-malformed');
  // Versions that are not known here are those of other algorithms.
  const own = items.filter((item) => item.startsWith(prefix)).map((item) => item.slice(prefix.length));
  const signatures = own.flatMap((text) => decode(text, encoding) ?? []);
  return signatures.length === 0 ? refuse('webhook-header-malformed') : signatures;
}

/** Of the spellings that decode to the same bytes one counts. */
function decode(text: string, encoding: 'hex' | 'base64'): Buffer | undefined {
  const bytes = Buffer.from(text, encoding);
  return bytes.length === 32 && bytes.toString(encoding) === text ? bytes : undefined;
}

function oneOf(raw: readonly string[], name: string): string {
  let found: string | undefined;
  for (let index = 0; index < raw.length; index += 2) {
    if (raw[index]?.toLowerCase() !== name) continue;
    if (found !== undefined) refuse('webhook-header-repeated');
    found = raw[index + 1];
  }
  return found === undefined || found === '' ? refuse('webhook-header-missing') : found;
}

function wellFormed(value: string, form: RegExp): string {
  return form.test(value) ? value : refuse('webhook-header-malformed');
}

function refuse(reason: string): never {
  throw new SallyportError('SP_WEBHOOK_UNVERIFIED', { reason });
}
