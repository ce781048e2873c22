import { createHmac, randomBytes, randomInt } from 'node:crypto';
import { recordModels, type Records, type Sealer } from '@sallyport/core';
import type { PasswordHashing } from '../../hashing/password-hashing.ts';

/** Codes for the day on which the second factor is lost. Each works once. */
export interface RecoveryCodes {
  /** Makes a list of codes for a user, with what is stored of them. Nothing is stored yet. */
  make(userId: string): NewRecoveryCodes;
  /** Puts a list in place of all earlier codes of a user. */
  replace(userId: string, made: NewRecoveryCodes): Promise<void>;
  /** Uses a code up: resolves to how many are left for exactly one caller, to `null` for all others. */
  consume(userId: string, code: string): Promise<number | null>;
  countLeft(userId: string): Promise<number>;
  discard(userId: string): Promise<void>;
}

export interface NewRecoveryCodes {
  /** Shown once. */
  readonly codes: readonly string[];
  readonly hashes: readonly string[];
  /** The key of the hashes, sealed for its user. */
  readonly sealedKey: string;
}

interface CodeRow {
  readonly id: string;
  readonly codeHash: string;
  /** Absent for codes that were made when they were hashed as passwords are. */
  readonly sealedKey: string | null;
}

const model = recordModels.recoveryCode;
const codeCount = 10;
const keyBytes = 32;

/** Crockford's base32: no letter that looks like a digit. 16 of them are 80 bits. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const codeLength = 16;
const groupLength = 4;
const codePattern = /^[0-9a-hjkmnp-tv-z]{16}$/;

/**
 * Builds the recovery codes. A code has 80 random bits, which no table of hashes gives away: a slow hash would add nothing
 * but time. What is stored is an HMAC under a key of the list, by which a code is looked up. The key is sealed in the row,
 * and not derived from the root secret: codes live for years on paper, and outlive the versions of the secret.
 *
 * @param hashing verifies codes of earlier lists, which are stored as passwords are.
 */
export function createRecoveryCodes(
  records: Records,
  sealer: Sealer,
  hashing: Pick<PasswordHashing, 'verify'>,
  now: () => Date,
): RecoveryCodes {
  const unused = (userId: string) => [
    { field: 'userId', value: userId },
    { field: 'usedAt', value: null },
  ];
  /** The write decides: of two who typed the same code, one changes the row. */
  const use = async (userId: string, field: 'id' | 'codeHash', value: string): Promise<boolean> => {
    const where = [...unused(userId), { field, value }];
    return (await records.updateMany({ model, where, update: { usedAt: now() } })) === 1;
  };
  const useUp = async (userId: string, code: string): Promise<boolean> => {
    const rows = await records.findMany<CodeRow>({ model, where: unused(userId) });
    const keys = new Set(rows.flatMap(({ sealedKey }) => (sealedKey === null ? [] : [sealer.open(sealedKey, userId)])));
    for (const key of keys) if (await use(userId, 'codeHash', hashCode(key, code))) return true;
    for (const { id, codeHash, sealedKey } of rows)
      if (sealedKey === null && (await hashing.verify(codeHash, code))) return use(userId, 'id', id);
    return false;
  };
  return {
    make(userId) {
      const codes = Array.from({ length: codeCount }, newCode);
      const key = randomBytes(keyBytes).toString('base64url');
      return {
        codes: codes.map(toShown),
        hashes: codes.map((code) => hashCode(key, code)),
        sealedKey: sealer.seal(key, userId),
      };
    },
    async replace(userId, { hashes, sealedKey }) {
      const at = now();
      await records.deleteMany({ model, where: [{ field: 'userId', value: userId }] });
      for (const codeHash of hashes)
        await records.create({ model, data: { userId, codeHash, sealedKey, usedAt: null, createdAt: at } });
    },
    async consume(userId, typed) {
      const code = toPlain(typed);
      if (!codePattern.test(code) || !(await useUp(userId, code))) return null;
      return records.count({ model, where: unused(userId) });
    },
    countLeft: (userId) => records.count({ model, where: unused(userId) }),
    async discard(userId) {
      await records.deleteMany({ model, where: [{ field: 'userId', value: userId }] });
    },
  };
}

function hashCode(key: string, code: string): string {
  return createHmac('sha256', Buffer.from(key, 'base64url')).update(code).digest('base64url');
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
