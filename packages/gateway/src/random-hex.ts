import { randomBytes } from 'node:crypto';

const poolBytes = 16_384;

let pool = '';
let position = 0;

/** Random hexadecimal digits, from a pool: one call of the generator serves hundreds of requests. */
export function randomHex(digits: number): string {
  if (position + digits > pool.length) {
    pool = randomBytes(poolBytes).toString('hex');
    position = 0;
  }
  position += digits;
  return pool.slice(position - digits, position);
}
