import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Plan } from './plan.ts';

/** Writes what was planned. */
export function carryOut({ changes, copies }: Plan, root: string): void {
  if (copies.files.length > 0) mkdirSync(path.join(root, copies.folder), { recursive: true });
  for (const file of copies.files) copyFileSync(file, path.join(root, copies.folder, path.basename(file)));
  for (const { file, after } of changes) {
    const target = path.join(root, file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, after);
  }
}
