import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { workspaceRoot } from '../../tools/workspace-root.ts';

const records = readdirSync(`${workspaceRoot}/docs/decisions`).filter((name) => name !== 'README.md');

describe('a decision record', () => {
  it('has a number of four digits', () => {
    expect(records.filter((name) => !/^\d{4}-[a-z0-9-]+\.md$/.test(name))).toEqual([]);
  });

  it('shares its number with no other', () => {
    const numbers = records.map((name) => name.slice(0, 4));
    expect(numbers.filter((number, index) => numbers.indexOf(number) !== index)).toEqual([]);
  });
});
