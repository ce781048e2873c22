import { randomInt } from 'node:crypto';
import { recordModels, type Records } from '@sallyport/core';
import type { PasswordHashing } from '../../hashing/password-hashing.ts';

/** Codes for the day on which the second factor is lost. Each works once. */
export interface RecoveryCodes {
  /** Makes a list of codes, with what is stored of them. Nothing is stored yet. */
  make(): Promise<NewRecoveryCodes>;
  /** Puts a list in place of all earlier codes of a user. */
  replace(userId: string, hashes: readonly string[]): Promise<void>;
  /** Uses a code up: resolves to how many are left for exactly one caller, to `null` for all others. */
  consume(userId: string, code: string): Promise<number | null>;
  countLeft(userId: string): Promise<number>;
  discard(userId: string): Promise<void>;
}

export interface NewRecoveryCodes {
  /** Shown once. */
  readonly codes: readonly string[];
  readonly hashes: readonly string[];
}

interface CodeRow {
  readonly id: string;
  readonly codeHash: string;
}

const model = recordModels.recoveryCode;
const codeCount = 10;

/** Crockford's base32: no letter that looks like a digit. 16 of them are 80 bits. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const codeLength = 16;
const groupLength = 4;
const codePattern = /^[0-9a-hjkmnp-tv-z]{16}$/;

/**
 * Builds the recovery codes. They are stored as passwords are, salted and slow, because they live for years on paper and
 * in a table that may leak; which one was typed is found by trying those that are left, at most ten.
 */
export function createRecoveryCodes(records: Records, hashing: PasswordHashing, now: () => Date): RecoveryCodes {
  const unused = (userId: string) => [
    { field: 'userId', value: userId },
    { field: 'usedAt', value: null },
  ];
  return {
    async make() {
      const codes = Array.from({ length: codeCount }, newCode);
      const hashes = await Promise.all(codes.map((code) => hashing.hash(code)));
      return { codes: codes.map(toShown), hashes };
    },
    async replace(userId, hashes) {
      const at = now();
      await records.deleteMany({ model, where: [{ field: 'userId', value: userId }] });
      for (const codeHash of hashes)
        await records.create({ model, data: { userId, codeHash, usedAt: null, createdAt: at } });
    },
    async consume(userId, typed) {
      const code = toPlain(typed);
      if (!codePattern.test(code)) return null;
      for (const { id, codeHash } of await records.findMany<CodeRow>({ model, where: unused(userId) })) {
        if (!(await hashing.verify(codeHash, code))) continue;
        // The write decides: of two who typed the same code, one changes the row.
        const where = [
          { field: 'id', value: id },
          { field: 'usedAt', value: null },
        ];
        const used = await records.updateMany({ model, where, update: { usedAt: now() } });
        return used === 1 ? records.count({ model, where: unused(userId) }) : null;
      }
      return null;
    },
    countLeft: (userId) => records.count({ model, where: unused(userId) }),
    async discard(userId) {
      await records.deleteMany({ model, where: [{ field: 'userId', value: userId }] });
    },
  };
}

function newCode(): string {
  return Array.from({ length: codeLength }, () => alphabet[randomInt(alphabet.length)]).join('');
}

/** In groups, which are easier to copy from paper. */
function toShown(code: string): string {
  return Array.from({ length: codeLength / groupLength }, (_, group) =>
    code.slice(group * groupLength, (group + 1) * groupLength),
  ).join('-');
}

/** As people type it: in capitals, with spaces, and with the letters that Crockford reads as digits. */
function toPlain(typed: string): string {
  return typed.toLowerCase().replace(/[\s-]/g, '').replace(/o/g, '0').replace(/[il]/g, '1');
}
