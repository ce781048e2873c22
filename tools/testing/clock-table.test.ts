import { describe, expect, it } from 'vitest';
import { toClockTable, type ClockSpan } from './clock-table.ts';

const span = (name: string, startedAt: number, endedAt: number): ClockSpan => ({ name, startedAt, endedAt });
const load = { cores: 2, before: 0.25, after: 3.1 };

describe('the table of wall-clock times', () => {
  it('counts a suite from its first start to its last end, and names the whole run', () => {
    const suites = [span('unit', 4000, 9000), span('unit', 5000, 12_500), span('building', 0, 3500)];
    expect(toClockTable(suites, [span('a.test.ts', 4000, 9000), span('b.test.ts', 5000, 12_500)], load)).toEqual([
      'wall clock          seconds',
      'building            3.5',
      'unit                8.5',
      'from start to end   12.5',
      '',
      'slowest files   seconds',
      'b.test.ts       7.5',
      'a.test.ts       5.0',
      '',
      'Load of the machine (2 cores): 0.25 before, 3.10 after',
    ]);
  });

  it('names ten files at most', () => {
    const files = Array.from({ length: 12 }, (_, index) => span(`${index}.test.ts`, 0, index * 1000));
    const lines = toClockTable([span('unit', 0, 11_000)], files, load);
    expect(lines.filter((line) => line.includes('.test.ts'))).toHaveLength(10);
    expect(lines.some((line) => line.startsWith('1.test.ts'))).toBe(false);
  });

  it('has no files when none ran', () => {
    expect(toClockTable([span('building', 0, 1000)], [], load)).toEqual([
      'wall clock   seconds',
      'building     1.0',
      '',
      'Load of the machine (2 cores): 0.25 before, 3.10 after',
    ]);
  });
});
