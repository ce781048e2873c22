import { describe, expect, it } from 'vitest';
import type { Command } from './command.ts';
import { nearestWord } from '@sallyport/core';
import { parseCommandArguments } from './parse-arguments.ts';

const command: Command = {
  name: 'users make',
  summary: 'Makes',
  operands: ['<email>'],
  options: { role: { value: 'role', describe: '' }, invite: { describe: '' }, name: { value: 'name', describe: '' } },
  run: async () => 0,
};
const parse = (...args: string[]) => parseCommandArguments(command, args);

describe('a command line', () => {
  it('is taken apart in any order', () => {
    const parsed = parse('--role=admin', 'a@x.test', '--invite', '--name', 'Ada Lovelace');
    expect(parsed.operands).toEqual(['a@x.test']);
    expect(Object.fromEntries(parsed.values)).toEqual({ role: ['admin'], invite: [''], name: ['Ada Lovelace'] });
  });

  it('may hold what looks like an option after --', () => {
    expect(parse('--', '--role').operands).toEqual(['--role']);
  });

  it.each([
    { args: ['a', '--rol', 'canary'], says: 'did you mean --role?' },
    { args: ['a', '--password', 'canary'], says: '--password is not an option' },
    { args: ['a', '--password=canary'], says: '--password is not an option' },
    { args: ['a', '-x'], says: '-x is not an option' },
    { args: ['a', '--__proto__', 'canary'], says: '--__proto__ is not an option' },
    { args: ['a', '--role'], says: '--role needs a value: --role <role>' },
    { args: ['a', '--role='], says: '--role needs a value' },
    { args: ['a', '--role', '--invite'], says: '--role needs a value' },
    { args: ['a', '--role', 'canary', '--role', 'canary'], says: '--role is given twice' },
    { args: ['a', '--invite=canary'], says: '--invite is a switch' },
    { args: [], says: '<email> is missing' },
    { args: ['a', 'canary'], says: 'and no more' },
  ])('is refused when it is $args, and no value is repeated', ({ args, says }) => {
    expect(() => parse(...args)).toThrow(says);
    expect(() => parse(...args)).not.toThrow(/canary/);
  });

  it.each([{ args: [] }, { args: ['a'] }, { args: ['a', 'b'] }])(
    'may leave out what stands in brackets: $args',
    ({ args }) => {
      const renew: Command = { ...command, operands: ['[<names…>]'] };
      expect(parseCommandArguments(renew, args).operands).toEqual(args);
    },
  );

  it('asks for help whatever is missing', () => {
    expect(parse('--help').values.has('help')).toBe(true);
  });
});

it.each([
  ['emial', 'email'],
  ['dry', 'dry-run'],
  ['usrs list', 'users list'],
  ['something else entirely', undefined],
])('a command line takes %s for %s', (word, meant) => {
  expect(nearestWord(word, ['email', 'name', 'dry-run', 'users list'])).toBe(meant);
});
