import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';

const ignoredFolders = new Set(['node_modules', '.next', 'dist', 'test-support']);
const ignoredFile = /(?:\.(?:test|test-support)\.(?:[jt]sx?|d\.ts)|\.map|\.tsbuildinfo|^next-env\.d\.ts)$/;

/**
 * One hash over the names and contents of files and folders (relative to `root`), in an order that does not depend on the
 * machine. Build output, tests and source maps are left out; a path that is absent counts as absent, not as an error.
 */
export async function hashInputs(root: string, inputs: readonly string[], salt = ''): Promise<string> {
  const files = (await Promise.all(inputs.map((input) => listFiles(root, input)))).flat().sort();
  const hash = createHash('sha256').update(salt);
  for (const file of files) {
    const content = await readFile(path.join(root, file));
    hash.update(`\0${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

async function listFiles(root: string, relative: string): Promise<string[]> {
  const status = await stat(path.join(root, relative)).catch(() => undefined);
  if (status === undefined) return [];
  if (status.isFile()) return [relative];
  const entries = await readdir(path.join(root, relative), { withFileTypes: true });
  const nested = await Promise.all(
    entries.map(async (entry) => {
      const child = `${relative}/${entry.name}`;
      if (entry.isDirectory()) return ignoredFolders.has(entry.name) ? [] : listFiles(root, child);
      return ignoredFile.test(entry.name) ? [] : [child];
    }),
  );
  return nested.flat();
}
