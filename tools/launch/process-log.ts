import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import path from 'node:path';

const maximumBytes = 5 * 1024 * 1024;
const keptLines = 40;
const lineEnd = 10;

/** The log file of one process, and what is worth knowing about it. */
export interface ProcessLog {
  readonly file: string;
  /** Never throws: what the file does not take, for example on a full disk, is lost and counted. */
  write(chunk: Buffer): void;
  /** The last lines, oldest first. */
  lastLines(count: number): readonly string[];
  /** How many warnings and errors came since the last call, and how many lines the file did not take. */
  takeCounts(): { readonly warnings: number; readonly errors: number; readonly lost: number };
  close(): void;
}

/** Opens a log file for appending. One that has grown too large becomes `<name>.1`, in place of an older one. */
export function openProcessLog(file: string): ProcessLog {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  let descriptor: number | undefined = openSync(file, 'a', 0o600);
  let size = fstatSync(descriptor).size;
  let isOpen = true;
  let lost = 0;
  /** Lines that are missing in the file where it goes on. */
  let missing = 0;
  let isTorn = false;
  let unfinished = '';
  let warnings = 0;
  let errors = 0;
  const lines: string[] = [];

  const rotate = (): number => {
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = undefined;
    // Where the file was moved and the new one could not be opened, there is nothing to move.
    if (size > 0) renameSync(file, `${file}.1`);
    size = 0;
    descriptor = openSync(file, 'a', 0o600);
    return descriptor;
  };
  const append = (chunk: Buffer): void => {
    const note =
      missing === 0 ? '' : `${isTorn ? '\n' : ''}[${missing} lines were lost: the file could not be written]\n`;
    const bytes = Buffer.concat([Buffer.from(note), chunk]);
    let written = 0;
    try {
      const to = descriptor === undefined || size + bytes.length > maximumBytes ? rotate() : descriptor;
      while (written < bytes.length) written += writeSync(to, bytes, written);
      missing = 0;
      isTorn = false;
    } catch {
      if (written > 0) isTorn = bytes[written - 1] !== lineEnd;
      const count = countLines(chunk.subarray(Math.max(0, written - note.length)));
      lost += count;
      missing += count;
    }
    size += written;
  };

  return {
    file,
    write(chunk) {
      if (!isOpen) return;
      append(chunk);
      const parts = (unfinished + chunk.toString('utf8')).split('\n');
      unfinished = parts.pop() ?? '';
      for (const line of parts) {
        const level = levelOf(line);
        if (level === 'error') errors += 1;
        else if (level === 'warn') warnings += 1;
        lines.push(line);
        if (lines.length > keptLines) lines.shift();
      }
    },
    lastLines: (count) => [...lines, unfinished].filter((line) => line.trim() !== '').slice(-count),
    takeCounts() {
      const counts = { warnings, errors, lost };
      warnings = 0;
      errors = 0;
      lost = 0;
      return counts;
    },
    close() {
      if (isOpen && descriptor !== undefined) closeSync(descriptor);
      isOpen = false;
    },
  };
}

function countLines(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte === lineEnd) count += 1;
  return count;
}

/** Level of a log line: from its `level` field when it is JSON, from its first words otherwise. */
export function levelOf(line: string): 'warn' | 'error' | 'other' {
  const level = /"level":\s*"?(\w+)"?/.exec(line)?.[1]?.toLowerCase();
  if (level !== undefined) {
    if (level === 'error' || level === 'fatal' || level === '50' || level === '60') return 'error';
    return level === 'warn' || level === 'warning' || level === '40' ? 'warn' : 'other';
  }
  if (/^\s*(?:⨯|(?:Uncaught |Unhandled )?\w*Error\b|\[?error\b|fatal\b)/i.test(line)) return 'error';
  return /^\s*(?:⚠|\[?warn(?:ing)?\b|\(node:\d+\) )/i.test(line) ? 'warn' : 'other';
}
