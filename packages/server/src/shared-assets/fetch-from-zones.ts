import { setTimeout as wait } from 'node:timers/promises';
import { readBytesWithin, SallyportError } from '@sallyport/core';

/** A file as a zone sent it. */
export interface FetchedFile {
  readonly mediaType: string;
  readonly content: Buffer;
}

const patienceMilliseconds = 10_000;
/** How long one zone is waited for alone. */
const hedgeMilliseconds = 500;
const maxBytes = 8 * 1024 * 1024;
/** What a build of Next.js makes. A page is none of it, whatever its path. */
const servedTypes = /^(?:text\/(?:css|javascript)|application\/(?:javascript|json|wasm)|font\/|image\/)/;

/**
 * Asks zones for a file, one after another, until one has it. A zone that takes its time is not waited for alone: the next one
 * is asked beside it (a hedged request). Only what says of itself that it never changes counts: it is kept, and given to
 * everybody.
 *
 * Nothing of the client's request goes along.
 *
 * @returns `undefined` when no zone has it.
 * @throws `SP_UPSTREAM_UNAVAILABLE` when none has it and one did not answer.
 */
export async function fetchFromZones(origins: readonly string[], path: string): Promise<FetchedFile | undefined> {
  const attempts: Promise<FetchedFile | undefined>[] = [];
  for (const origin of origins) {
    const attempt = fetchFile(`${origin}${path}`);
    attempts.push(attempt);
    const file = await Promise.race([
      attempt.catch(() => undefined),
      wait(hedgeMilliseconds, undefined, { ref: false }),
    ]);
    if (file !== undefined) return file;
  }
  try {
    return await Promise.any(attempts.map(async (attempt) => (await attempt) ?? Promise.reject(new NotThere())));
  } catch (error) {
    const faults = error instanceof AggregateError ? error.errors : [error];
    const fault: unknown = faults.find((one) => !(one instanceof NotThere));
    if (fault === undefined) return undefined;
    throw new SallyportError('SP_UPSTREAM_UNAVAILABLE', { reason: 'zone-unavailable', cause: fault });
  }
}

/** A zone answered, and does not have the file. */
class NotThere extends Error {
  override readonly name = 'NotThere';
}

async function fetchFile(url: string): Promise<FetchedFile | undefined> {
  const answer = await fetch(url, {
    // The compression of a zone would have to be undone.
    headers: { accept: '*/*', 'accept-encoding': 'identity' },
    redirect: 'manual',
    signal: AbortSignal.timeout(patienceMilliseconds),
  });
  const mediaType = answer.headers.get('content-type') ?? '';
  const isImmutable = /\bimmutable\b/.test(answer.headers.get('cache-control') ?? '');
  if (answer.status >= 500) {
    await answer.body?.cancel();
    throw new Error(`a zone answered ${answer.status}`);
  }
  if (answer.status !== 200 || answer.body === null || !isImmutable || !servedTypes.test(mediaType)) {
    await answer.body?.cancel();
    return undefined;
  }
  const content = await readBytesWithin(answer.body, maxBytes);
  if (content === undefined) throw new Error(`a file of a zone is longer than ${maxBytes} bytes`);
  return { mediaType, content };
}
