import { readFileSync } from 'node:fs';

/** A file of an application, as the tools of its framework write it. */
export function readFixture(name: string): string {
  return readFileSync(new URL(`fixtures/${name}.txt`, import.meta.url), 'utf8');
}
