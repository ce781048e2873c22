import { describe, expect, it } from 'vitest';
import { parseStartOptions } from './start-options.ts';

describe('the arguments of npm start', () => {
  it.each([
    { commandLine: [], options: { json: false, https: false, help: false } },
    { commandLine: ['--json', '--https'], options: { json: true, https: true, help: false } },
    { commandLine: ['-h'], options: { json: false, https: false, help: true } },
  ])('$commandLine are understood', ({ commandLine, options }) => {
    expect(parseStartOptions(commandLine)).toEqual(options);
  });

  it.each([['--jsn'], ['production'], ['--json=yes'], ['--https=no'], ['-x']])(
    '%s is refused, and the known ones are shown',
    (argument) => {
      expect(() => parseStartOptions([argument])).toThrow(/npm start -- --json/);
    },
  );
});
