import { describe, expect, it } from 'vitest';
import { parseStartOptions } from './start-options.ts';

describe('the arguments of npm start', () => {
  it.each([
    { commandLine: [], options: { json: false, help: false } },
    { commandLine: ['--json'], options: { json: true, help: false } },
    { commandLine: ['-h'], options: { json: false, help: true } },
  ])('$commandLine are understood', ({ commandLine, options }) => {
    expect(parseStartOptions(commandLine)).toEqual(options);
  });

  it.each([['--jsn'], ['production'], ['--json=yes'], ['-x']])(
    '%s is refused, and the known ones are shown',
    (argument) => {
      expect(() => parseStartOptions([argument])).toThrow(/npm start -- --json/);
    },
  );
});
