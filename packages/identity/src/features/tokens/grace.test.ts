import { describe, expect, it } from 'vitest';
import { createGrace } from './grace.ts';

function startGrace(seconds = 30) {
  let clock = 1_800_000_000_000;
  const grace = createGrace(seconds, () => new Date(clock));
  return { grace, at: () => new Date(clock), pass: (more: number) => void (clock += more * 1000) };
}

describe('the grace of a refresh token that was used', () => {
  it('lasts as long as it is configured', () => {
    const { grace, at, pass } = startGrace();
    const rotatedAt = at();
    pass(30);
    expect(grace.includes(rotatedAt)).toBe(true);
    pass(0.001);
    expect(grace.includes(rotatedAt)).toBe(false);
  });

  it('lasts through an outage in which the rotation fell, and so long beyond it', () => {
    const { grace, at, pass } = startGrace();
    const rotatedAt = at();
    pass(5);
    for (let minute = 0; minute < 20; minute++) {
      grace.noteFailure();
      pass(30);
    }
    expect(grace.includes(rotatedAt)).toBe(true);
    pass(1);
    expect(grace.includes(rotatedAt)).toBe(false);
  });

  it('is not brought back by an outage that began later', () => {
    const { grace, at, pass } = startGrace();
    const rotatedAt = at();
    pass(61);
    grace.noteFailure();
    expect(grace.includes(rotatedAt)).toBe(false);
  });

  it('is not brought back by a failure long after the outage', () => {
    const { grace, at, pass } = startGrace();
    grace.noteFailure();
    const rotatedAt = at();
    pass(61);
    grace.noteFailure();
    expect(grace.includes(rotatedAt)).toBe(false);
  });

  it('is the usual one for what was rotated after the outage', () => {
    const { grace, at, pass } = startGrace();
    grace.noteFailure();
    pass(1);
    const rotatedAt = at();
    pass(31);
    expect(grace.includes(rotatedAt)).toBe(false);
  });
});
