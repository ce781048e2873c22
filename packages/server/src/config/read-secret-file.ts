import { readFileSync, statSync } from 'node:fs';

/** What a file with a secret holds, or what is wrong with it; goes on after its name. */
export type SecretFile =
  { readonly kind: 'read'; readonly text: string } | { readonly kind: 'refused'; readonly problem: string };

/** Permission bit of a file. */
const readableByEverybody = 0o004;

/** Reads a secret that was mounted as a file, without its line end. One that every user of the machine can read is refused. */
export function readSecretFile(file: string): SecretFile {
  try {
    // Windows keeps its permissions elsewhere.
    if (process.platform !== 'win32' && (statSync(file).mode & readableByEverybody) !== 0)
      return { kind: 'refused', problem: 'everybody can read: run "chmod 600" on it' };
    const text = readFileSync(file, 'utf8').trim();
    return text === '' ? { kind: 'refused', problem: 'is empty' } : { kind: 'read', text };
  } catch {
    return { kind: 'refused', problem: 'cannot be read' };
  }
}
