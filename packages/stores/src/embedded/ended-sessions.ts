import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OptionsError, revocationReasons, SallyportError, type RevocationReason } from '@sallyport/core';
import { requirePrivateFolder } from './private-folder.ts';

/** A session that was ended, as it is remembered beside the database. */
export interface EndedSession {
  readonly sid: string;
  readonly at: Date;
  readonly because: RevocationReason;
  /** Its absolute expiry: after it, there is nothing left to end. */
  readonly until: Date;
}

/** The sessions that were ended, in a file that a backup of the database does not touch. */
export interface EndedSessions {
  /** Resolves when the disk has it. Rejects with `SP_STORE_UNAVAILABLE` when it does not. */
  note(ended: readonly EndedSession[]): Promise<void>;
  /** Those that were ended before this start and would live otherwise. */
  readonly known: readonly EndedSession[];
  close(): Promise<void>;
}

/** From this many lines on, those that are over are dropped while the process runs. */
const compactionLines = 50_000;

/**
 * Opens the file of ended sessions, and drops the lines of those that are over.
 *
 * A database that is restored from an old backup holds sessions as live that were ended since; this file, which is only
 * appended to and waits for the disk, still knows. A last line that a crash tore apart was never acknowledged and is
 * dropped.
 *
 * @throws OptionsError that says what to do, when a line in the middle is damaged.
 */
export async function openEndedSessions(file: string, now: () => Date = () => new Date()): Promise<EndedSessions> {
  requirePrivateFolder(dirname(file));
  const known = readEndedSessions(file, now());
  rewrite(file, known);
  let handle = await open(file, 'a', 0o600);
  let lines = known.length;
  /** Where the last line that is whole ends, when an append failed: what came after it has to go. */
  let tornAt: number | undefined;
  let last: Promise<void> = Promise.resolve();
  let waiting: { readonly text: string; readonly count: number; readonly done: Promise<void> } | undefined;

  const append = async (take: () => { readonly text: string; readonly count: number }): Promise<void> => {
    const { text, count } = take();
    try {
      if (tornAt !== undefined) await handle.truncate(tornAt);
      tornAt = undefined;
      if (lines > compactionLines) handle = await compact(file, handle, now());
      const { size } = await handle.stat();
      // A full disk takes a part of a line, and the next one would make it damage in the middle.
      tornAt = size;
      await handle.appendFile(text);
      await handle.datasync();
      tornAt = undefined;
    } catch (cause) {
      throw new SallyportError('SP_STORE_UNAVAILABLE', { cause, reason: 'ended-sessions-file' });
    }
    lines = lines > compactionLines ? count : lines + count;
  };

  return {
    known,
    note: (ended) => {
      if (ended.length === 0) return Promise.resolve();
      const text = ended.map(toLine).join('');
      // Calls that come while the disk is busy share the next write.
      if (waiting !== undefined) {
        waiting = { ...waiting, text: waiting.text + text, count: waiting.count + ended.length };
        return waiting.done;
      }
      const done = last.then(() =>
        append(() => {
          const taken = waiting ?? { text: '', count: 0 };
          waiting = undefined;
          return taken;
        }),
      );
      waiting = { text, count: ended.length, done };
      last = done.catch(() => {});
      return done;
    },
    close: async () => {
      await last;
      await handle.close();
    },
  };
}

async function compact(file: string, handle: FileHandle, at: Date): Promise<FileHandle> {
  rewrite(file, readEndedSessions(file, at));
  await handle.close();
  return open(file, 'a', 0o600);
}

/**
 * Reads the file of ended sessions, and writes nothing: those that are not over. None where there is no file yet.
 *
 * @throws Error that says what to do, when a line in the middle is damaged.
 */
export function readEndedSessions(file: string, at: Date): readonly EndedSession[] {
  const lines = readText(file).split('\n');
  // What follows the last line end was torn by a crash.
  lines.pop();
  const ended = lines.map((line, index) => {
    const parsed = parseLine(line);
    if (parsed !== undefined) return parsed;
    throw new OptionsError(
      `Line ${index + 1} of ${file} is damaged, so that ended sessions could live again. Restore the file, or delete it and end all sessions.`,
      'SP_OPTIONS_DATA_UNUSABLE',
    );
  });
  return ended.filter(({ until }) => at < until);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

/** Written aside and renamed, so that a kill in the middle leaves the file as it was. */
function rewrite(file: string, ended: readonly EndedSession[]): void {
  const aside = `${file}.new`;
  const descriptor = openSync(aside, 'w', 0o600);
  try {
    writeSync(descriptor, ended.map(toLine).join(''));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(aside, file);
  if (process.platform === 'win32') return;
  const folder = openSync(dirname(file), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function toLine({ sid, at, because, until }: EndedSession): string {
  return `${JSON.stringify([sid, at.getTime(), because, until.getTime()])}\n`;
}

function parseLine(line: string): EndedSession | undefined {
  const value = parseJson(line);
  const parts: readonly unknown[] = Array.isArray(value) ? value : [];
  const [sid, at, word, until] = parts;
  const because = revocationReasons.find((reason) => reason === word);
  if (
    parts.length !== 4 ||
    typeof sid !== 'string' ||
    typeof at !== 'number' ||
    typeof until !== 'number' ||
    because === undefined
  )
    return undefined;
  return { sid, at: new Date(at), because, until: new Date(until) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
