import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isTestFile, readSources, readText } from './source-tree.ts';

/* Operators find every metric in a table of the documentation, and the documentation promises no other. */
const folder = 'docs/operations';
const pages = readdirSync(new URL(`../../${folder}/`, import.meta.url))
  .filter((name) => name.endsWith('.md') && name !== 'renamed.md')
  .map((name) => readText(`${folder}/${name}`))
  .join('\n');
const documented = new Set([...pages.matchAll(/`(sallyport_[a-z_]+)(?:\{[^`]*\})?`/g)].map(([, name]) => name));

const measured = new Set(
  readSources('packages', 'apps')
    .filter(({ file }) => /^(?:packages|apps)\/[a-z]+\/src\//.test(file) && !isTestFile(file))
    .flatMap(({ text }) => [...text.matchAll(/name: ['`](sallyport_[a-z_]+)['`],\s+help: /g)].map(([, name]) => name)),
);

describe('the metrics', () => {
  it('are many, so that this test has not gone blind', () => {
    expect(measured.size).toBeGreaterThan(20);
  });

  it('have a line in the documentation each', () => {
    expect([...measured].filter((name) => !documented.has(name))).toEqual([]);
  });
});
