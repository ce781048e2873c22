import { expect, it } from 'vitest';
import { createJsonLogger } from './json-logger.ts';

function linesOf(log: (logger: ReturnType<typeof createJsonLogger>) => void, times: number[] = [0]): unknown[] {
  const lines: string[] = [];
  const logger = createJsonLogger((line) => lines.push(line), { now: () => times.shift() ?? 0 });
  log(logger);
  expect(lines.every((line) => line.endsWith('\n') && line.indexOf('\n') === line.length - 1)).toBe(true);
  return lines.map((line) => JSON.parse(line) as unknown);
}

it('the JSON logger keeps a value with line breaks and quotes on one line', () => {
  expect(linesOf((logger) => logger.warn('refused', { event: 'refused', reason: 'a\n"b"' }))).toEqual([
    { at: '1970-01-01T00:00:00.000Z', level: 'warn', message: 'refused', event: 'refused', reason: 'a\n"b"' },
  ]);
});

it('the JSON logger leaves out fields that are not there', () => {
  expect(linesOf((logger) => logger.info('ready', { event: 'ready', port: undefined }))).toEqual([
    { at: '1970-01-01T00:00:00.000Z', level: 'info', message: 'ready', event: 'ready' },
  ]);
});

it('the JSON logger writes each time to the millisecond, across seconds and back', () => {
  const times = [1_700_000_000_007, 1_700_000_000_999, 1_700_000_001_000, 1_700_000_000_500];
  const expected = times.map((time) => new Date(time).toISOString());
  const lines = linesOf((logger) => times.slice().forEach(() => logger.error('x', { event: 'x' })), [...times]) as {
    at: string;
  }[];
  expect(lines.map(({ at }) => at)).toEqual(expected);
});
