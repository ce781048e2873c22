import { createHmac } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

/** An authenticator app, by the letter of RFC 6238. */
export interface Authenticator {
  /** A code that was not given out before and that the server takes; waits for it if need be. */
  nextCode(): Promise<string>;
}

const stepMilliseconds = 30_000;
const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Sets an app up with the key that the page shows. */
export function createAuthenticator(key: string): Authenticator {
  const secret = fromBase32(key.replace(/\s/g, ''));
  let lastStep = 0;
  return {
    async nextCode() {
      // The server takes the step before and the step after as well.
      const step = Math.max(lastStep + 1, currentStep() - 1);
      while (step > currentStep() + 1) await delay(250);
      lastStep = step;
      return codeOf(secret, step);
    },
  };
}

function currentStep(): number {
  return Math.floor(Date.now() / stepMilliseconds);
}

function codeOf(secret: Buffer, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** The bytes of an authenticator's key. */
export function fromBase32(text: string): Buffer {
  const bits = [...text].map((letter) => base32.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}
