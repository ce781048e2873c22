import { describe, expect, it } from 'vitest';
import { parseStartOptions } from './start-options.ts';

describe('the arguments of npm start', () => {
  it.each([
    { commandLine: [], options: { json: false, https: false, help: false } },
    { commandLine: ['--json', '--https'], options: { json: true, https: true, help: false } },
    { commandLine: ['--port', '3100'], options: { json: false, https: false, port: 3100, help: false } },
    { commandLine: ['--port=80'], options: { json: false, https: false, port: 80, help: false } },
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

  it.each(['0', '65536', '-1', '3e3', '3.5', 'http', ' 80'])('take no port %j', (port) => {
    expect(() => parseStartOptions([`--port=${port}`])).toThrow(
      /^--port must be a whole number.*npm start -- --port 3000$/,
    );
  });

  it.each([['--port'], ['--port', '--json'], ['3100']])(
    'take no port without its option or its number: %j',
    (...words) => {
      expect(() => parseStartOptions(words)).toThrow(/npm start -- --port/);
    },
  );
});
