import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { countLines, filesOf, moveApplication, typeErrorsOf, type Move } from './moved-application.test-support.ts';

const guide = readFileSync(
  path.resolve(import.meta.dirname, '../../../docs/guides/move-a-nest-application.md'),
  'utf8',
);

describe.each<Move>(['identity-in-the-process', 'tokens-of-the-gateway'])('the move %s', (move) => {
  it('adds and removes as many lines as its guide says', () => {
    const { added, removed } = countLines(move);
    const row = guide.split('\n').find((line) => line.startsWith('|') && line.includes(`${move}.patch`));
    expect(row?.split('|').map((cell) => cell.trim())).toContain(String(added));
    expect(row?.split('|').map((cell) => cell.trim())).toContain(String(removed));
  });

  it('leaves nothing that the compiler finds fault with', { timeout: 60_000 }, () => {
    const moved = moveApplication(move);
    try {
      expect(typeErrorsOf(moved)).toBe('');
    } finally {
      moved.remove();
    }
  });

  it('changes the application alone, and none of its tests', () => {
    expect(filesOf(move).filter((file) => !/^(?:src\/|package\.json$)/.test(file))).toEqual([]);
  });
});
