import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';

const importOfFile = /^import \{[^}]*\} from '\.\/([\w-]+)\.[jt]s';\n/gm;

/**
 * Joins the files of the script of pages into one without imports, each after those that it imports. They share one scope:
 * their names differ, they are imported by name, and `export` stands in front of functions only.
 */
export function readPageScript(): string {
  const joined = new Set<string>();
  const join = (name: string): string => {
    if (joined.has(name)) return '';
    joined.add(name);
    const text = readPart(name);
    const imported = [...text.matchAll(importOfFile)].map(([, file = '']) => join(file));
    return imported.join('') + text.replace(importOfFile, '').replace(/^export /gm, '');
  };
  // Comments are for readers of the source, and the map is in no package.
  return join('enhance').replace(/^\s*(?:\/\*\*[^]*?\*\/|\/\/.*)\n/gm, '');
}

/** A file as it was built; where this module runs from its source, without its types. */
function readPart(name: string): string {
  const isBuilt = import.meta.url.endsWith('.js');
  const file = new URL(`../browser/${name}.${isBuilt ? 'js' : 'ts'}`, import.meta.url);
  const text = readFileSync(file, 'utf8');
  // The comment about the map at the end of a built file has no end of its line.
  return isBuilt ? `${text}\n` : stripTypeScriptTypes(text, { mode: 'strip' });
}
