/**
 * A message with the token that seals it, for transports without headers. It is JSON with these two members and no
 * other: docs/wire/message-token.md.
 */
export interface MessageEnvelope<Payload = unknown> {
  readonly $sallyport: string;
  readonly message: Payload;
}

/** Whether what arrived is an envelope. */
export function isEnvelope(value: unknown): value is MessageEnvelope {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  if (!Object.hasOwn(value, '$sallyport') || !Object.hasOwn(value, 'message')) return false;
  return Object.keys(value).length === 2 && typeof Reflect.get(value, '$sallyport') === 'string';
}
