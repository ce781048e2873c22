import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mountSmallDisk, smallDiskAbsent, type SmallDisk } from '../processes/small-disk.ts';
import { levelOf, openProcessLog, type ProcessLog } from './process-log.ts';

let folder: string;
let log: ProcessLog;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'process-log-'));
  log = openProcessLog(path.join(folder, 'logs', 'shop.log'));
});

afterEach(() => {
  log.close();
  rmSync(folder, { recursive: true });
});

describe('a process log', () => {
  it('keeps every byte, and the last lines at hand', () => {
    log.write(Buffer.from('one\ntw'));
    log.write(Buffer.from('o\nthree'));
    expect(readFileSync(log.file, 'utf8')).toBe('one\ntwo\nthree');
    expect(log.lastLines(2)).toEqual(['two', 'three']);
  });

  it('counts warnings and errors since it was last asked', () => {
    log.write(Buffer.from('{"level":"error"}\n{"level":"warn"}\n{"level":"info"}\n'));
    expect(log.takeCounts()).toEqual({ warnings: 1, errors: 1, lost: 0 });
    expect(log.takeCounts()).toEqual({ warnings: 0, errors: 0, lost: 0 });
  });

  it('starts a new file before it grows beyond five megabytes, and keeps the one before', () => {
    const megabyte = Buffer.alloc(1024 * 1024, 'x');
    for (let count = 0; count < 12; count += 1) log.write(megabyte);
    expect(statSync(log.file).size).toBe(2 * megabyte.length);
    expect(statSync(`${log.file}.1`).size).toBe(5 * megabyte.length);
  });

  it.skipIf(process.platform === 'win32')('can be read by its owner only', () => {
    expect(statSync(log.file).mode & 0o777).toBe(0o600);
  });

  it('ignores what comes after it was closed', () => {
    log.close();
    log.write(Buffer.from('late'));
    expect(readFileSync(log.file, 'utf8')).toBe('');
  });
});

const isAbsent = smallDiskAbsent !== undefined;

describe.skipIf(isAbsent)(`a process log on a full disk${isAbsent ? ` (${smallDiskAbsent})` : ''}`, () => {
  let disk: SmallDisk;
  let onDisk: ProcessLog;
  beforeEach(() => {
    disk = mountSmallDisk(12);
    onDisk = openProcessLog(path.join(disk.folder, 'shop.log'));
  });
  afterEach(() => {
    onDisk.close();
    disk.remove();
  });

  it('counts the lines that it loses, remembers the last ones, and writes on when there is room', () => {
    onDisk.write(Buffer.from('before\n'));
    disk.fill();
    const line = `${'x'.repeat(99)}\n`;
    for (let count = 0; count < 100; count += 1) onDisk.write(Buffer.from(line));
    expect(onDisk.lastLines(1)).toEqual([line.trimEnd()]);
    const { lost } = onDisk.takeCounts();
    expect(lost).toBeGreaterThan(0);
    disk.free();
    onDisk.write(Buffer.from('after\n'));
    const lines = readFileSync(onDisk.file, 'utf8').trimEnd().split('\n');
    expect(lines.at(0)).toBe('before');
    expect(lines.slice(-2)).toEqual([`[${lost} lines were lost: the file could not be written]`, 'after']);
    expect(onDisk.takeCounts().lost).toBe(0);
  });

  it('survives that it has to begin another file while the disk is full', () => {
    for (let count = 0; count < 5; count += 1) onDisk.write(Buffer.alloc(1024 * 1024, 'x\n'));
    disk.fill();
    for (let count = 0; count < 3; count += 1) onDisk.write(Buffer.alloc(1024 * 1024, 'y\n'));
    expect(onDisk.takeCounts().lost).toBeGreaterThan(0);
    disk.free();
    onDisk.write(Buffer.from('after\n'));
    expect(readFileSync(onDisk.file, 'utf8')).toMatch(/lines were lost.*\nafter\n$/);
  });
});

describe('the level of a line', () => {
  it.each([
    { line: '{"level":"error","message":"x"}', level: 'error' },
    { line: '{"level": 50}', level: 'error' },
    { line: '{"level":"warn"}', level: 'warn' },
    { line: '{"level":"info","message":"no error at all"}', level: 'other' },
    { line: 'TypeError: x is not a function', level: 'error' },
    { line: ' ⨯ Error: failed', level: 'error' },
    { line: '(node:1) Warning: x', level: 'warn' },
    { line: ' ✓ Ready in 10ms', level: 'other' },
    { line: '    at fetchError (file.js:1:1)', level: 'other' },
  ])('of $line is $level', ({ line, level }) => {
    expect(levelOf(line)).toBe(level);
  });
});
