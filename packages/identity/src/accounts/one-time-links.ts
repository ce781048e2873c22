import { randomBytes } from 'node:crypto';
import type { Records, RetentionRule, Sealer } from '@sallyport/core';

export type LinkPurpose = 'verify-email' | 'reset-password';

/** Tokens that are mailed as links. Each works once; only HMACs of them are stored. */
export interface OneTimeLinks {
  /** Makes a token for a user. Of several, the latest three work. */
  issue(purpose: LinkPurpose, userId: string): Promise<string>;
  /** The user of a token that would work now. Does not use it up. */
  find(purpose: LinkPurpose, token: string): Promise<string | null>;
  /** Uses a token up: resolves to the user for exactly one caller, to `null` for all others. */
  consume(purpose: LinkPurpose, token: string): Promise<string | null>;
  /** Voids every token of a user. */
  discard(purpose: LinkPurpose, userId: string): Promise<void>;
}

interface LinkRow {
  readonly id: string;
  readonly value: string;
  readonly expiresAt: Date;
}

const model = 'verification';
/** Of one purpose, for one user: mails arrive in another order than they were asked for. */
const maxLinks = 3;
const tokenPattern = /^[A-Za-z0-9_-]{43}$/;
const lifetimeSeconds: Readonly<Record<LinkPurpose, number>> = {
  'verify-email': 24 * 60 * 60,
  'reset-password': 60 * 60,
};

/** Links that were never used: they stopped working when they expired. */
export const linkRetention: RetentionRule = { kind: 'links', model, expiry: 'expiresAt', keepSeconds: 0 };

/** Builds the tokens of mailed links on Better Auth's table of verifications. */
export function createOneTimeLinks(records: Records, sealer: Sealer, now: () => Date): OneTimeLinks {
  const findRow = async (purpose: LinkPurpose, token: string): Promise<LinkRow | null> => {
    if (!tokenPattern.test(token)) return null;
    const identifiers = sealer.hashes(token).map((hash) => `${purpose}:${hash}`);
    const row = await records.findOne<LinkRow>({
      model,
      where: [{ field: 'identifier', operator: 'in', value: identifiers }],
    });
    return row !== null && now().getTime() < row.expiresAt.getTime() ? row : null;
  };
  const keepLatest = async (value: string): Promise<void> => {
    const where = [{ field: 'value', value }];
    const rows = await records.findMany<LinkRow>({
      model,
      where,
      sortBy: { field: 'createdAt', direction: 'desc' },
      limit: maxLinks * 4,
    });
    const ids = rows.slice(maxLinks).map(({ id }) => id);
    if (ids.length > 0) await records.deleteMany({ model, where: [{ field: 'id', operator: 'in', value: ids }] });
  };

  return {
    async issue(purpose, userId) {
      const token = randomBytes(32).toString('base64url');
      const at = now();
      await records.create({
        model,
        data: {
          identifier: `${purpose}:${sealer.hash(token)}`,
          value: valueOf(purpose, userId),
          expiresAt: new Date(at.getTime() + lifetimeSeconds[purpose] * 1000),
          createdAt: at,
          updatedAt: at,
        },
      });
      await keepLatest(valueOf(purpose, userId));
      return token;
    },
    async find(purpose, token) {
      const row = await findRow(purpose, token);
      return row === null ? null : userOf(purpose, row);
    },
    async consume(purpose, token) {
      const row = await findRow(purpose, token);
      if (row === null) return null;
      // The delete decides: of two who read the same row, one removes it.
      const removed = await records.deleteMany({ model, where: [{ field: 'id', value: row.id }] });
      return removed === 1 ? userOf(purpose, row) : null;
    },
    async discard(purpose, userId) {
      await records.deleteMany({ model, where: [{ field: 'value', value: valueOf(purpose, userId) }] });
    },
  };
}

function valueOf(purpose: LinkPurpose, userId: string): string {
  return `${purpose}:${userId}`;
}

function userOf(purpose: LinkPurpose, row: LinkRow): string {
  return row.value.slice(purpose.length + 1);
}
