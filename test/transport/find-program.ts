import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** Where Debian puts what is meant for administrators; not everybody has these on their search path. */
const furtherFolders = ['/usr/sbin', '/usr/local/sbin'];

/** Finds a program by any of its names. */
export function findProgram(...names: readonly string[]): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), ...furtherFolders];
  return folders.flatMap((folder) => names.map((name) => path.join(folder, name))).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
