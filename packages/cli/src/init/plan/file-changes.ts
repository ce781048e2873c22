import type { Repository } from '../repository/repository.ts';

/** A file that is written. */
export interface FileChange {
  readonly file: string;
  /** `undefined` when there is none yet. */
  readonly before: string | undefined;
  readonly after: string;
}

/** Collects what is to be written. Nothing is, until all of it is known. */
export interface FileChanges {
  /** The text of a file as it will be. */
  read(file: string): string | undefined;
  write(file: string, text: string): void;
  list(): readonly FileChange[];
}

/** Starts with a repository as it is. */
export function createFileChanges(repository: Repository): FileChanges {
  const written = new Map<string, string>();
  return {
    read: (file) => written.get(file) ?? repository.read(file),
    write: (file, text) => void written.set(file, text),
    list: () =>
      [...written]
        .map(([file, after]) => ({ file, before: repository.read(file), after }))
        .filter(({ before, after }) => before !== after),
  };
}
