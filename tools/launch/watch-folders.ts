import { readdirSync, statSync, watch, type FSWatcher } from 'node:fs';
import path from 'node:path';

export interface FolderWatch {
  /** Called with the path of every file that appears, changes or goes. */
  readonly onChange: (file: string) => void;
  readonly onError: (error: unknown) => void;
  readonly signal: AbortSignal;
}

const ignoredFolders: ReadonlySet<string> = new Set(['node_modules', 'dist', '.next']);

/**
 * Watches folders and all below them, with one watch per folder: on Linux, Node's recursive one hears no more of a file once
 * an editor has saved it by putting another in its place.
 */
export function watchFolders(folders: readonly string[], { onChange, onError, signal }: FolderWatch): void {
  const watchers = new Map<string, FSWatcher>();

  const add = (folder: string): void => {
    if (signal.aborted) return;
    const watcher = watch(folder);
    watchers.set(folder, watcher);
    watcher.on('change', (event, name) => {
      if (typeof name !== 'string' || ignoredFolders.has(name)) return;
      const child = path.join(folder, name);
      if (event === 'rename') guarded(() => replace(child));
      onChange(child);
    });
    // A folder that was removed; the one above has said so.
    watcher.on('error', () => remove(folder));
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory() && !ignoredFolders.has(entry.name)) add(path.join(folder, entry.name));
    }
  };
  /** Something of this name came or went. A new folder may have been filled before it is watched. */
  const replace = (child: string): void => {
    remove(child);
    if (statSync(child, { throwIfNoEntry: false })?.isDirectory() !== true) return;
    add(child);
    for (const entry of readdirSync(child, { withFileTypes: true, recursive: true })) {
      if (entry.isFile()) onChange(path.join(entry.parentPath, entry.name));
    }
  };
  const remove = (folder: string): void => {
    for (const [watched, watcher] of watchers) {
      if (watched !== folder && !watched.startsWith(`${folder}${path.sep}`)) continue;
      watchers.delete(watched);
      watcher.close();
    }
  };
  const guarded = (step: () => void): void => {
    try {
      step();
    } catch (error) {
      // It went again while it was being looked at.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) onError(error);
    }
  };

  for (const folder of folders) add(folder);
  signal.addEventListener('abort', () => {
    for (const watcher of watchers.values()) watcher.close();
    watchers.clear();
  });
}
