import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import path from 'node:path';

const maximumBytes = 5 * 1024 * 1024;
const keptLines = 40;

/** The log file of one process, and what is worth knowing about it. */
export interface ProcessLog {
  readonly file: string;
  write(chunk: Buffer): void;
  /** The last lines, oldest first. */
  lastLines(count: number): readonly string[];
  /** How many warnings and errors came since the last call. */
  takeCounts(): { readonly warnings: number; readonly errors: number };
  close(): void;
}

/** Opens a log file for appending. One that has grown too large becomes `<name>.1`, in place of an older one. */
export function openProcessLog(file: string): ProcessLog {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  let descriptor = openSync(file, 'a', 0o600);
  let size = fstatSync(descriptor).size;
  let isOpen = true;
  let unfinished = '';
  let warnings = 0;
  let errors = 0;
  const lines: string[] = [];

  return {
    file,
    write(chunk) {
      if (!isOpen) return;
      if (size + chunk.length > maximumBytes) {
        closeSync(descriptor);
        renameSync(file, `${file}.1`);
        descriptor = openSync(file, 'a', 0o600);
        size = 0;
      }
      writeSync(descriptor, chunk);
      size += chunk.length;
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
      const counts = { warnings, errors };
      warnings = 0;
      errors = 0;
      return counts;
    },
    close() {
      if (isOpen) closeSync(descriptor);
      isOpen = false;
    },
  };
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
