import { digestOfPayload, messageTokenType, type LogFields, type Logger } from '@sallyport/core';
import { createTestIssuer } from '@sallyport/testing';
import type { MessageEnvelope } from './message-envelope.ts';

export const issuer = createTestIssuer({
  issuer: 'https://app.test/internal',
  audience: 'billing',
  roles: { clerk: ['invoice:create'], reader: ['invoice:read'] },
});

/** What is different about a token: whose it is, what it is bound to, when it was made. */
export interface SealChange {
  readonly role?: string;
  readonly pattern?: string;
  /** What the digest is of, where that is something else than what is sent. */
  readonly of?: unknown;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly typ?: string;
}

/** A token as the gateway makes it for a message. */
export function sealingToken(data: unknown, change: SealChange = {}): string {
  const { role = 'clerk', pattern = 'invoice.create', claims = {}, typ = messageTokenType } = change;
  const permissions = { clerk: 'invoice:create', reader: 'invoice:read' }[role];
  return issuer.sign(
    {
      sub: `${role}-1`,
      roles: [role],
      scope: permissions,
      act: { sub: 'orders' },
      msg: { to: pattern, sha256: digestOfPayload('of' in change ? change.of : data) },
      ...claims,
    },
    { typ },
  );
}

/** A message in its envelope. */
export function seal(data: unknown, change: SealChange = {}): MessageEnvelope {
  return { $sallyport: sealingToken(data, change), message: data };
}

/** The token of a method of gRPC. */
export function methodToken(method: string, change: SealChange = {}): string {
  return sealingToken({}, { ...change, claims: { msg: { to: method }, ...change.claims } });
}

/** A time in the past, as the claims of a token that was made then. */
export function madeSecondsAgo(age: number): Readonly<Record<string, unknown>> {
  const made = Math.floor(Date.now() / 1000) - age;
  return { iat: made, exp: made + 60, auth_time: made };
}

/** A logger whose lines can be read. */
export function createReadableLogger() {
  const lines: (LogFields & { readonly message: string })[] = [];
  const write = (message: string, fields: LogFields): void => void lines.push({ message, ...fields });
  return { lines, logger: { info: write, warn: write, error: write } satisfies Logger };
}
