import { OptionsError } from '@sallyport/core';
import { mkdirSync, statSync } from 'node:fs';

/** Permission bit: users other than the owner and the group may write. */
const writableByOthers = 0o002;
/** Mode bit of a folder in which users may only remove their own files, such as `/tmp`. */
const sticky = 0o1000;

/**
 * Makes a folder that only this user can enter. A folder that exists is left as it is, but refused when every user of
 * the machine could replace the files in it.
 */
export function requirePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  refuseSharedFolder(folder);
}

/** Refuses a folder in which every user of the machine could replace the files. One that does not exist is fine. */
export function refuseSharedFolder(folder: string): void {
  const mode = statSync(folder, { throwIfNoEntry: false })?.mode;
  // Windows keeps its permissions elsewhere.
  if (mode === undefined || process.platform === 'win32') return;
  if ((mode & writableByOthers) === 0 || (mode & sticky) !== 0) return;
  throw new OptionsError(
    `the folder ${folder} can be written by every user of this machine: run "chmod 700" on it`,
    'SP_OPTIONS_DATA_UNUSABLE',
  );
}
