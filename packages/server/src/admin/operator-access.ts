import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

/** How the command line of this machine reaches a gateway that runs. */
export interface OperatorAccess {
  readonly url: string;
  /** A bearer token that holds for as long as the gateway runs. */
  readonly key: string;
}

const accessSchema = z.strictObject({
  url: z.url({ protocol: /^http$/ }),
  key: z.string().regex(/^[\w-]{43}$/),
});

function fileIn(dataDir: string): string {
  return join(dataDir, 'operator-access');
}

/** Makes a key for one run of a gateway: 256 random bits. */
export function createOperatorKey(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * Notes in the data folder, for its owner alone, where operators reach this gateway and with which key: a process that may
 * read the folder is an operator, and no other is.
 *
 * @returns what takes the note away again; `undefined` when the folder cannot be written.
 */
export function noteOperatorAccess(dataDir: string, access: OperatorAccess): (() => void) | undefined {
  const file = fileIn(dataDir);
  const text = `${JSON.stringify(access)}\n`;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    // A file that another run left keeps its mode: it is made anew.
    rmSync(file, { force: true });
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
  } catch {
    return undefined;
  }
  return () => {
    // Gateways that share the folder share the note; it is that of the last one to start.
    if (readText(file) === text) rmSync(file, { force: true });
  };
}

/**
 * How the gateway on a data folder was reached when it started; `undefined` where none noted it. A note that another user could
 * have written is not believed: passwords go where it leads.
 */
export function readOperatorAccess(dataDir: string): OperatorAccess | undefined {
  const file = fileIn(dataDir);
  try {
    if (!isPrivate(file, dataDir)) return undefined;
    return accessSchema.parse(JSON.parse(readText(file) ?? ''));
  } catch {
    return undefined;
  }
}

function isPrivate(file: string, dataDir: string): boolean {
  const ownId = process.getuid?.();
  // Windows knows neither.
  if (ownId === undefined) return true;
  const { uid, mode } = statSync(file);
  const isOwn = uid === ownId || (ownId === 0 && uid === statSync(dataDir).uid);
  return isOwn && (mode & 0o077) === 0;
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
