import { randomBytes } from 'node:crypto';

/**
 * Makes the id of a row before the row is there, so that an event can name it first. 96 random bits in the form that
 * MongoDB takes for an ObjectId; the other databases take any text.
 */
export function createRowId(): string {
  return randomBytes(12).toString('hex');
}
