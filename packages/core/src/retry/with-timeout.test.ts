import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { withTimeout } from './with-timeout.ts';

const late = (): never => {
  throw new Error('late');
};
const never = new Promise<never>(() => {});

describe('work with a time limit', () => {
  it('resolves to what it resolves to in time', async () => {
    expect(await withTimeout(Promise.resolve('done'), 1000, late)).toBe('done');
  });

  it('rejects with what it rejects with in time', async () => {
    await expect(withTimeout(Promise.reject(new Error('broken')), 1000, late)).rejects.toThrow('broken');
  });

  it('rejects with what the limit throws when it takes longer', async () => {
    await expect(withTimeout(never, 5, late)).rejects.toThrow('late');
  });

  it('resolves to what the limit returns when it takes longer', async () => {
    expect(await withTimeout(never, 5, () => 'late')).toBe('late');
  });

  it('may fail after the limit without ending the process', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    const work = delay(20).then(() => Promise.reject(new Error('too late')));
    await expect(withTimeout(work, 1, late)).rejects.toThrow('late');
    await delay(40);
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });

  it('counts as in time when it arrived while the process was busy beyond the limit', async () => {
    const work = new Promise((resolve) => setTimeout(resolve, 5, 'arrived'));
    const outcome = withTimeout(work, 1, late);
    const until = performance.now() + 30;
    while (performance.now() < until);
    expect(await outcome).toBe('arrived');
  });
});
