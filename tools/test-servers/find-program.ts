import { accessSync, constants } from 'node:fs';
import path from 'node:path';

type Variables = Readonly<Record<string, string | undefined>>;

/** Finds a program on the search path, or else in one of the other folders. */
export function findProgram(
  name: string,
  otherFolders: readonly string[] = [],
  variables: Variables = process.env,
): string | undefined {
  const file = process.platform === 'win32' ? `${name}.exe` : name;
  const folders = (variables['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  return [...folders, ...otherFolders].map((folder) => path.join(folder, file)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
