import { describe, expect, it } from 'vitest';
import { keyWalkAt, runLengthAt } from './key-walks.ts';

const walk = (text: string) => {
  const { length, turns } = keyWalkAt([...text], 0);
  return { length, turns: turns.at(-1) };
};

describe('a walk over the keyboard', () => {
  it.each([
    { text: 'qwert', length: 5, turns: 0 },
    { text: 'qazp', length: 3, turns: 0 },
    { text: 'qwedcxz', length: 7, turns: 2 },
    { text: '!qaz', length: 4, turns: 0 },
    { text: 'zaqw', length: 4, turns: 1 },
    { text: 'asdp', length: 3, turns: 0 },
    { text: 'aa', length: 1, turns: 0 },
    { text: 'é', length: 1, turns: 0 },
    { text: 'ée', length: 1, turns: 0 },
    { text: '', length: 1, turns: 0 },
  ])('in $text is $length keys long and turns $turns times', ({ text, length, turns }) => {
    expect(walk(text)).toEqual({ length, turns });
  });
});

it.each([
  { text: 'abcdx', length: 4 },
  { text: 'dcba', length: 4 },
  { text: '1234', length: 4 },
  { text: 'qwertz', length: 6 },
  { text: 'x', length: 1 },
  { text: '', length: 1 },
])('the run at the beginning of $text is $length characters long', ({ text, length }) => {
  expect(runLengthAt([...text], 0)).toBe(length);
});
