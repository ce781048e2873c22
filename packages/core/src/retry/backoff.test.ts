import { expect, it } from 'vitest';
import { exponentialBackoff, withJitter } from './backoff.ts';

const bounds = { firstMilliseconds: 50, maxMilliseconds: 1000 };

it.each([
  { failures: 0, pause: 50 },
  { failures: 1, pause: 100 },
  { failures: 4, pause: 800 },
  { failures: 5, pause: 1000 },
  { failures: 5000, pause: 1000 },
])('the pause after $failures failures is $pause ms', ({ failures, pause }) => {
  expect(exponentialBackoff(failures, bounds)).toBe(pause);
});

it.each([
  { chance: 0, pause: 400 },
  { chance: 0.5, pause: 600 },
  { chance: 1, pause: 800 },
])('the jitter makes $pause ms of 800 ms when the dice say $chance', ({ chance, pause }) => {
  expect(withJitter(800, () => chance)).toBe(pause);
});
