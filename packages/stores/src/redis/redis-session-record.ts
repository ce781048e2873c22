import {
  assuranceLevels,
  revocationReasons,
  type RevocationReason,
  type Sealer,
  type SessionRecord,
} from '@sallyport/core';

/** The part of a record that never lies in Redis in clear. */
type SealedPart = Omit<
  SessionRecord,
  'sid' | 'generation' | 'lastActiveAt' | 'idleExpiresAt' | 'revokedAt' | 'revokedBecause'
>;

const knownLevels: ReadonlySet<string> = new Set(assuranceLevels);

/** Seals what is personal or secret in a record, and what a writer to Redis may not change: for this sid only. */
export function sealRecord(record: SessionRecord, sealer: Sealer): string {
  const { tokenHash, subject, acr, amr, authTime, createdAt, absoluteExpiresAt, org, actor } = record;
  const { credential, provider, device } = record;
  const parts = { org, actor, credential, provider, device };
  const part = { tokenHash, subject, acr, amr, authTime, createdAt, absoluteExpiresAt, ...parts };
  return sealer.seal(JSON.stringify(part), record.sid);
}

/**
 * Reads a record from the fields of its hash; `null` when there is none.
 *
 * @throws TypeError for fields that are damaged, or that were sealed for another session or under a secret that is gone.
 */
export function toStoredRecord(
  sid: string,
  fields: Readonly<Record<string, string>>,
  sealer: Sealer,
): SessionRecord | null {
  const sealed = fields['d'];
  if (sealed === undefined) return null;
  const revokedAt = fields['r'];
  return {
    sid,
    ...toSealedPart(JSON.parse(sealer.open(sealed, sid))),
    generation: integerOf(fields['g']),
    lastActiveAt: timeOf(fields['a']),
    idleExpiresAt: timeOf(fields['i']),
    ...(revokedAt === undefined ? {} : { revokedAt: timeOf(revokedAt), revokedBecause: reasonOf(fields['w']) }),
  };
}

/** What was sealed was written by us; only its times have lost their type. */
function toSealedPart(opened: unknown): SealedPart {
  const part = opened as Readonly<Record<keyof SealedPart, unknown>>; // Authenticated by the seal.
  const { tokenHash, subject, acr, amr, org, actor, credential, provider, device } = part as SealedPart;
  if (typeof subject !== 'string' || typeof tokenHash !== 'string' || !knownLevels.has(acr)) throw unreadable();
  // A kind that this gateway does not know must not be taken for the session of a browser.
  if (credential !== undefined && credential !== 'bearer') throw unreadable();
  return {
    tokenHash,
    subject,
    acr,
    amr,
    authTime: dateOf(part.authTime),
    createdAt: dateOf(part.createdAt),
    absoluteExpiresAt: dateOf(part.absoluteExpiresAt),
    ...(org === undefined ? {} : { org }),
    ...(actor === undefined ? {} : { actor }),
    ...(credential === undefined ? {} : { credential }),
    ...(provider === undefined ? {} : { provider }),
    device,
  };
}

function integerOf(text: string | undefined): number {
  const value = Number(text);
  if (text !== undefined && text !== '' && Number.isSafeInteger(value)) return value;
  throw unreadable();
}

function timeOf(text: string | undefined): Date {
  return new Date(integerOf(text));
}

function dateOf(value: unknown): Date {
  const date = new Date(typeof value === 'string' ? value : Number.NaN);
  if (Number.isNaN(date.getTime())) throw unreadable();
  return date;
}

function reasonOf(text: string | undefined): RevocationReason {
  const reason = revocationReasons.find((candidate) => candidate === text);
  if (reason === undefined) throw unreadable();
  return reason;
}

function unreadable(): TypeError {
  return new TypeError('a session in Redis cannot be read');
}
