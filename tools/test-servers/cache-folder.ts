import { homedir } from 'node:os';
import path from 'node:path';

/** Where programs are kept that tests build or fetch once: outside of every clone. */
export function cacheFolder(variables: Readonly<Record<string, string | undefined>> = process.env): string {
  // An empty or a relative XDG_CACHE_HOME counts as none (XDG Base Directory Specification).
  const named = [variables['XDG_CACHE_HOME'], variables['LOCALAPPDATA']];
  const cache =
    named.find((folder) => folder !== undefined && path.isAbsolute(folder)) ?? path.join(homedir(), '.cache');
  return path.join(cache, 'sallyport');
}
