import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { workspaceRoot } from '../../tools/workspace-root.ts';

it('decision records have a number of four digits each, and no two the same', () => {
  const records = readdirSync(`${workspaceRoot}/docs/decisions`).filter((name) => name !== 'README.md');
  expect(records.filter((name) => !/^\d{4}-[a-z0-9-]+\.md$/.test(name))).toEqual([]);
  const numbers = records.map((name) => name.slice(0, 4));
  expect(numbers.filter((number, index) => numbers.indexOf(number) !== index)).toEqual([]);
});
