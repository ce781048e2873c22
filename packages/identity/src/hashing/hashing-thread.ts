import { constants, getPriority, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { hashSync, verifySync } from '@node-rs/argon2';
import { compareSync } from 'bcrypt';
import { argon2Cost, parsePasswordHash } from './password-hash.ts';

/** What a thread is asked. It holds one password at a time, and keeps none. */
export type HashingJob =
  | { readonly kind: 'hash'; readonly password: string }
  | { readonly kind: 'verify'; readonly hash: string; readonly password: string };

/** What it answers: the hash, or whether the password fits. */
export type HashingAnswer =
  { readonly kind: 'done'; readonly value: string | boolean } | { readonly kind: 'failed'; readonly message: string };

/** Requests come first: where cores are short, a hash takes longer, and what is proxied does not. */
const nice = 19;

// Only Linux has priorities of threads; elsewhere this would be that of the process. Where it is forbidden, so be it.
if (process.platform === 'linux') {
  try {
    setPriority(0, Math.min(getPriority(0) + nice, constants.priority.PRIORITY_LOW));
  } catch {}
}

parentPort?.on('message', (job: HashingJob) => parentPort?.postMessage(answer(job)));

function answer(job: HashingJob): HashingAnswer {
  try {
    return { kind: 'done', value: job.kind === 'hash' ? hash(job.password) : verify(job.hash, job.password) };
  } catch (error) {
    return { kind: 'failed', message: error instanceof Error ? error.message : 'unknown' };
  }
}

function hash(password: string): string {
  return hashSync(password.normalize('NFKC'), argon2Cost);
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
