import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { findGlobalPrefix } from '../init/source/find-global-prefix.ts';
import { parseSource } from '../init/source/parse-source.ts';

/** The prefix of a Nest service, and how it is known. */
export interface ServicePrefix {
  /** Without slashes around it; empty where there is none, or where it is not known. */
  readonly globalPrefix: string;
  /** What a reader of the table has to know of it. */
  readonly note: string | undefined;
}

const entryFiles = ['main.js', 'main.mjs', 'main.cjs', 'main.ts', 'main.mts'];

/**
 * Finds the prefix of a service that is not started: the one that is given, or that of the entry file beside the root module,
 * which is read and never run.
 */
export function prefixOfService(moduleFile: string, given: string | undefined): ServicePrefix {
  if (given !== undefined) return { globalPrefix: trimmed(given), note: undefined };
  const folder = dirname(moduleFile);
  const entry = entryFiles.map((name) => join(folder, name)).find((file) => existsSync(file));
  if (entry === undefined)
    return {
      globalPrefix: '',
      note: 'No main.js is beside the root module: a prefix that it sets is given with --prefix',
    };
  const name = basename(entry);
  const found = readPrefix(entry);
  if (found === undefined) return { globalPrefix: '', note: undefined };
  if (found.literal === undefined)
    return { globalPrefix: '', note: `${name} sets a prefix that cannot be read: give it with --prefix` };
  return { globalPrefix: found.literal, note: `"/${found.literal}" is the prefix that ${name} sets` };
}

function readPrefix(file: string): { readonly literal: string | undefined } | undefined {
  try {
    return findGlobalPrefix(parseSource(readFileSync(file, 'utf8'), file));
  } catch {
    // It is not for this command to say what is wrong with it.
    return { literal: undefined };
  }
}

function trimmed(prefix: string): string {
  return prefix.replaceAll(/^\/+|\/+$/g, '');
}
