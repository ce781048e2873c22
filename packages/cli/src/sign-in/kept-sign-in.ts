import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '@sallyport/core';
import * as z from 'zod';

const keptSchema = z.strictObject({
  /** Origin of the gateway. */
  url: z.string(),
  clientId: z.string(),
  accessToken: z.string(),
  /** Milliseconds since 1970. */
  expiresAt: z.number(),
  refreshToken: z.string().optional(),
  user: z.strictObject({ id: z.string(), name: z.string().optional(), email: z.string().optional() }),
});

/** A sign-in at a gateway, as it is kept: with its tokens. */
export type KeptSignIn = z.output<typeof keptSchema>;

/** Which gateway and which client were used last. No secret. */
const lastSchema = z.strictObject({ url: z.string(), clientId: z.string() });
type LastUsed = z.output<typeof lastSchema>;

/** Sign-ins of this user of the machine: one file each, which its owner alone may read. */
export interface KeptSignIns {
  /** `undefined` where there is none. @throws UsageError for a file that others may read, or that is damaged. */
  read(url: string): KeptSignIn | undefined;
  write(signIn: KeptSignIn): void;
  remove(url: string): void;
  last(): LastUsed | undefined;
  /** Where the lock of a sign-in is. */
  lockOf(url: string): string;
}

/**
 * Builds them in the folder for the configuration of programs: `XDG_CONFIG_HOME`, `~/.config`, or `APPDATA` on Windows.
 *
 * @throws UsageError where the folder is of another user.
 */
export function createKeptSignIns(environment: Readonly<Record<string, string | undefined>>): KeptSignIns {
  const folder = join(configFolder(environment), 'sallyport');
  const fileOf = (url: string): string =>
    join(folder, `sign-in-${createHash('sha256').update(url).digest('hex').slice(0, 16)}.json`);
  const lastFile = join(folder, 'last-sign-in.json');
  const open = (): void => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    requireOwn(folder);
    chmodSync(folder, 0o700);
  };
  const writeAside = (path: string, value: object): void => {
    open();
    // Written aside and renamed: a kill in the middle leaves the file as it was, and it never had another mode.
    const aside = `${path}.${process.pid}.tmp`;
    writeFileSync(aside, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    renameSync(aside, path);
  };
  const readAs = <Value>(path: string, schema: z.ZodType<Value>): Value | undefined => {
    const text = readText(path);
    if (text === undefined) return undefined;
    requirePrivate(path);
    const parsed = schema.safeParse(parseJson(text));
    if (!parsed.success) throw new UsageError(`${path} is damaged. Delete it, and sign in again.`);
    return parsed.data;
  };

  return {
    read: (url) => readAs(fileOf(url), keptSchema),
    write(signIn) {
      writeAside(fileOf(signIn.url), signIn);
      writeAside(lastFile, { url: signIn.url, clientId: signIn.clientId });
    },
    remove: (url) => rmSync(fileOf(url), { force: true }),
    last: () => readAs(lastFile, lastSchema),
    lockOf(url) {
      open();
      return `${fileOf(url)}.lock`;
    },
  };
}

function configFolder({
  XDG_CONFIG_HOME: xdg,
  APPDATA: appData,
  HOME: home,
}: Readonly<Record<string, string | undefined>>): string {
  // The specification has a relative path ignored.
  if (xdg !== undefined && xdg.startsWith('/')) return xdg;
  if (process.platform === 'win32' && appData !== undefined) return appData;
  return join(home ?? homedir(), '.config');
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new UsageError(`${path} cannot be read.`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A user who may write there could put a sign-in of theirs in the place of this one. */
function requireOwn(path: string): void {
  const { getuid } = process;
  if (getuid === undefined) return;
  const stats = lstatSync(path);
  if (stats.isSymbolicLink() || stats.uid !== getuid())
    throw new UsageError(`${path} must be a folder or file of your own, and no link.`);
}

function requirePrivate(path: string): void {
  requireOwn(path);
  if (process.platform === 'win32' || (lstatSync(path).mode & 0o077) === 0) return;
  throw new UsageError(`Others can read ${path}. Sign out, or run: chmod 600 ${path}`);
}
