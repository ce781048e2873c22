import { hashSync, verifySync } from '@node-rs/argon2';
import { compareSync } from 'bcrypt';
import { parsePasswordHash, type Argon2Cost } from './password-hash.ts';

/** What a thread is asked. It holds one password at a time, and keeps none. */
export type HashingJob =
  | { readonly kind: 'hash'; readonly password: string }
  | { readonly kind: 'verify'; readonly hash: string; readonly password: string };

/** Hashes a password at a cost, or says whether it fits a hash. Holds up the thread that it runs on. */
export function runHashingJob(job: HashingJob, cost: Argon2Cost): string | boolean {
  return job.kind === 'hash' ? hashSync(job.password.normalize('NFKC'), cost) : verify(job.hash, job.password);
}

function verify(text: string, password: string): boolean {
  const parsed = parsePasswordHash(text);
  if (parsed === undefined) return false;
  // As the old system did it: the bytes as they were typed, those after the 72nd without effect.
  if (parsed.scheme === 'bcrypt') return compareSync(password, parsed.canonical);
  const normalized = password.normalize('NFKC');
  if (verifySync(text, normalized)) return true;
  // A hash that was imported may be over the form that was typed.
  return normalized !== password && verifySync(text, password);
}
