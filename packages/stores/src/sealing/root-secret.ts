import { OptionsError } from '@sallyport/core';
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { refuseSharedFolder, requirePrivateFolder } from '../embedded/private-folder.ts';
import { generateRootSecret, parseSecretVersions, type SecretVersion } from './secret-versions.ts';

export interface RootSecretOptions {
  /** Folder in which a generated secret is kept. */
  readonly dataDir: string;
  /** The value of `SALLYPORT_SECRET`: one secret or several versions `2:…,1:…`, the one that writes first. */
  readonly environmentValue?: string | undefined;
}

/** Name of the file that holds a generated secret, in the same form as `SALLYPORT_SECRET`. */
const secretFileName = 'root-secret';

/**
 * Finds the root secret: from the environment, else from the data folder, else generated there (32 random bytes,
 * readable by this user alone). Processes that start at once get the same secret, and a process that is killed on the
 * way leaves no half of one.
 *
 * @throws OptionsError that names the key or the file and never the value, when the secret is weak, damaged or readable by others.
 */
export function loadRootSecret(options: RootSecretOptions): readonly SecretVersion[] {
  const found = readRootSecret(options);
  if (found !== undefined) return found;
  requirePrivateFolder(options.dataDir);
  const file = join(options.dataDir, secretFileName);
  return parseSecretFile(file, makeSecretFile(file));
}

/** Finds the root secret as {@link loadRootSecret} does, and makes none: `undefined` when there is none yet. */
export function readRootSecret({ dataDir, environmentValue }: RootSecretOptions): readonly SecretVersion[] | undefined {
  if (environmentValue !== undefined)
    return parseSecretVersions(environmentValue, 'SALLYPORT_SECRET', 'Make a value with "sallyport secrets generate".');
  refuseSharedFolder(dataDir);
  const file = join(dataDir, secretFileName);
  const text = readSecretFile(file);
  return text === undefined ? undefined : parseSecretFile(file, text);
}

function parseSecretFile(file: string, text: string): readonly SecretVersion[] {
  return parseSecretVersions(text, file, 'Restore it: no other value opens what was sealed under it.');
}

function readSecretFile(file: string): string | undefined {
  try {
    // Bits for group and others; Windows keeps its permissions elsewhere.
    if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0)
      throw new OptionsError(`${file} can be read by others: run "chmod 600" on it`, 'SP_OPTIONS_DATA_UNUSABLE');
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isFileError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function makeSecretFile(file: string): string {
  const draft = `${file}.${randomBytes(8).toString('hex')}`;
  writeDurably(draft, `1:${generateRootSecret()}\n`);
  try {
    // A link is made whole or not at all, and only by the first process: rename would replace what another one already uses.
    linkSync(draft, file);
    keepFolderEntry(dirname(file));
  } catch (error) {
    if (!isFileError(error, 'EEXIST')) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  const secret = readSecretFile(file);
  if (secret === undefined)
    throw new OptionsError(`${file} was removed while this process started`, 'SP_OPTIONS_DATA_UNUSABLE');
  return secret;
}

function writeDurably(file: string, text: string): void {
  const descriptor = openSync(file, 'wx', 0o600);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function keepFolderEntry(folder: string): void {
  // Windows cannot open a folder, and keeps its entries durable by itself.
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function isFileError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
