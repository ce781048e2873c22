import { randomInt } from 'node:crypto';
import { recordModels, type Records, type Sealer } from '@sallyport/core';
import type { SentMethod } from './factor-method.ts';

/**
 * Codes that are sent to a user. A code belongs to what it was sent for (one sign-in, one step-up, one enrolment) and
 * works nowhere else.
 */
export interface OneTimeCodes {
  /** Makes a code. The one that was sent before for the same purpose is void. */
  issue(purpose: string, method: SentMethod): Promise<string>;
  /** Uses a code up: `true` for exactly one caller. A wrong code leaves the right one as it is. */
  consume(purpose: string, method: SentMethod, code: string): Promise<boolean>;
}

const model = recordModels.oneTimeCode;
const codePattern = /^\d{6}$/;

/** NIST SP 800-63B-4, section 3.1.3.2: at most ten minutes. */
const lifetimeMilliseconds = 10 * 60 * 1000;

/**
 * Builds the codes. Six digits are little: what makes them enough are ten minutes, the limits on tries, and that a
 * stolen table does not give them away, because the key of their HMAC is not in it.
 */
export function createOneTimeCodes(records: Records, sealer: Sealer, now: () => Date): OneTimeCodes {
  const hashed = (slot: string, code: string): string => `${slot}\n${code}`;
  return {
    async issue(purpose, method) {
      const slot = `${purpose}:${method}`;
      const code = String(randomInt(1_000_000)).padStart(6, '0');
      const at = now();
      const row = {
        codeHash: sealer.hash(hashed(slot, code)),
        expiresAt: new Date(at.getTime() + lifetimeMilliseconds),
      };
      const rewrite = () => records.updateMany({ model, where: [{ field: 'slot', value: slot }], update: row });
      if ((await rewrite()) > 0) return code;
      try {
        await records.create({ model, data: { slot, ...row } });
      } catch (error) {
        // Asked for twice at the same moment: the later code counts. Anything else is a fault.
        if ((await rewrite()) === 0) throw error;
      }
      return code;
    },
    async consume(purpose, method, code) {
      if (!codePattern.test(code)) return false;
      const slot = `${purpose}:${method}`;
      const removed = await records.deleteMany({
        model,
        where: [
          { field: 'slot', value: slot },
          { field: 'codeHash', operator: 'in', value: [...sealer.hashes(hashed(slot, code))] },
          { field: 'expiresAt', operator: 'gt', value: now() },
        ],
      });
      return removed === 1;
    },
  };
}
