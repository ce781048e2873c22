import {
  assuranceLevels,
  recordModels,
  revocationReasons,
  type RecordTable,
  type SessionChange,
  type SessionProvider,
  type SessionRecord,
} from '@sallyport/core';
import { dateOf, integerOf, optionalDateOf, optionalTextOf, textListOf, textOf, wordOf, type Row } from './row.ts';

/** The table of session records. The token is in no column: `tokenHash` is an HMAC of it. */
export const sessionTable = {
  model: recordModels.session,
  columns: {
    sid: { type: 'string', required: true, unique: true },
    tokenHash: { type: 'string', required: true, unique: true },
    subject: { type: 'string', required: true, index: true },
    generation: { type: 'number', required: true },
    acr: { type: 'string', required: true },
    /** A JSON array. */
    amr: { type: 'string', required: true },
    authTime: { type: 'date', required: true },
    createdAt: { type: 'date', required: true },
    lastActiveAt: { type: 'date', required: true },
    idleExpiresAt: { type: 'date', required: true },
    absoluteExpiresAt: { type: 'date', required: true, index: true },
    org: { type: 'string', required: false },
    actor: { type: 'string', required: false },
    /** Absent for the session of a browser. */
    credential: { type: 'string', required: false },
    /** A JSON object; absent where the sign-in did not come from an identity provider. */
    provider: { type: 'string', required: false },
    deviceLabel: { type: 'string', required: true },
    deviceUserAgent: { type: 'string', required: true },
    deviceAddress: { type: 'string', required: true },
    revokedAt: { type: 'date', required: false },
    revokedBecause: { type: 'string', required: false },
  },
} as const satisfies RecordTable;

/** Writes a record as a row. */
export function toSessionRow(record: SessionRecord): Record<string, unknown> {
  return {
    sid: record.sid,
    tokenHash: record.tokenHash,
    subject: record.subject,
    generation: record.generation,
    acr: record.acr,
    amr: JSON.stringify(record.amr),
    authTime: record.authTime,
    createdAt: record.createdAt,
    lastActiveAt: record.lastActiveAt,
    idleExpiresAt: record.idleExpiresAt,
    absoluteExpiresAt: record.absoluteExpiresAt,
    org: record.org ?? null,
    actor: record.actor ?? null,
    credential: record.credential ?? null,
    provider: record.provider === undefined ? null : JSON.stringify(record.provider),
    deviceLabel: record.device.label,
    deviceUserAgent: record.device.userAgent,
    deviceAddress: record.device.address,
    revokedAt: record.revokedAt ?? null,
    revokedBecause: record.revokedBecause ?? null,
  };
}

/** Writes what changes in a row, and nothing else. */
export function toSessionRowChange(change: SessionChange): Record<string, unknown> {
  const { tokenHash, acr, amr, authTime, org, actor } = change;
  return {
    ...(tokenHash === undefined ? {} : { tokenHash }),
    ...(acr === undefined ? {} : { acr }),
    ...(amr === undefined ? {} : { amr: JSON.stringify(amr) }),
    ...(authTime === undefined ? {} : { authTime }),
    ...(org === undefined ? {} : { org }),
    ...(actor === undefined ? {} : { actor }),
  };
}

/**
 * Reads a record from a row.
 *
 * @throws TypeError for a row that is damaged; its values are not in the message.
 */
export function toSessionRecord(row: Row): SessionRecord {
  const org = optionalTextOf(row, 'org');
  const actor = optionalTextOf(row, 'actor');
  const credential = optionalTextOf(row, 'credential');
  const provider = optionalTextOf(row, 'provider');
  const revokedAt = optionalDateOf(row, 'revokedAt');
  return {
    sid: textOf(row, 'sid'),
    tokenHash: textOf(row, 'tokenHash'),
    subject: textOf(row, 'subject'),
    generation: integerOf(row, 'generation'),
    acr: wordOf(row, 'acr', assuranceLevels),
    amr: textListOf(row, 'amr'),
    authTime: dateOf(row, 'authTime'),
    createdAt: dateOf(row, 'createdAt'),
    lastActiveAt: dateOf(row, 'lastActiveAt'),
    idleExpiresAt: dateOf(row, 'idleExpiresAt'),
    absoluteExpiresAt: dateOf(row, 'absoluteExpiresAt'),
    ...(org === undefined ? {} : { org }),
    ...(actor === undefined ? {} : { actor }),
    ...(credential === undefined ? {} : { credential: wordOf(row, 'credential', ['bearer'] as const) }),
    ...(provider === undefined ? {} : { provider: toProvider(JSON.parse(provider)) }),
    device: {
      label: textOf(row, 'deviceLabel'),
      userAgent: textOf(row, 'deviceUserAgent'),
      address: textOf(row, 'deviceAddress'),
    },
    ...(revokedAt === undefined ? {} : { revokedAt }),
    ...(revokedAt === undefined ? {} : { revokedBecause: wordOf(row, 'revokedBecause', revocationReasons) }),
  };
}

function toProvider(value: unknown): SessionProvider {
  if (typeof value === 'object' && value !== null && 'id' in value && 'issuer' in value) {
    const { id, issuer } = value;
    const sid = 'sid' in value ? value.sid : undefined;
    const signedInAt = 'signedInAt' in value ? value.signedInAt : undefined;
    if (
      typeof id === 'string' &&
      typeof issuer === 'string' &&
      (sid === undefined || typeof sid === 'string') &&
      (signedInAt === undefined || typeof signedInAt === 'number')
    )
      return { id, issuer, ...(sid === undefined ? {} : { sid }), ...(signedInAt === undefined ? {} : { signedInAt }) };
  }
  throw new TypeError('the column provider of a stored row cannot be read');
}
