import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFileOutput } from './log-output.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'log-output-'));
const file = path.join(folder, 'log');
let descriptor = -1;

beforeAll(() => {
  descriptor = openSync(file, 'a');
});

afterAll(() => {
  closeSync(descriptor);
  rmSync(folder, { recursive: true });
});

describe('the output of log lines to a file', () => {
  const one = 'a line\n';
  const texts = [
    one,
    'ä€😀\n',
    `${'€'.repeat(100_000)}\n`,
    `${'x'.repeat(300_000)}\n`,
    'half of a pair: \ud83d\n',
    one,
  ];

  it('writes every text whole, whatever its length in bytes, and nothing of the one before', () => {
    const output = openFileOutput(descriptor);
    const lost: number[] = [];
    for (const text of texts) expect(output.write(text, (lines) => lost.push(lines))).toBe(true);
    expect(readFileSync(file, 'utf8')).toBe(texts.join('').toWellFormed());
    expect(lost).toEqual(texts.map(() => 0));
  });

  it('counts the lines of a file that is closed as lost, and does not throw', () => {
    const closed = openSync(file, 'a');
    const output = openFileOutput(closed);
    closeSync(closed);
    const lost: number[] = [];
    output.write('one\ntwo\n', (lines) => lost.push(lines));
    output.writeNow('three\n');
    expect(lost).toEqual([2]);
  });
});
