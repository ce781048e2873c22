import { describe, expect, it } from 'vitest';
import { createReportedChanges } from './reported-change.ts';

interface ChangeOptions {
  readonly expected?: string | null;
  readonly done?: string | null;
  readonly fails?: string;
}

/** A change that notes each step, and changes nothing or fails on request. */
function createChange({ expected = 'expected', done = 'done', fails = '' }: ChangeOptions = {}) {
  const steps: string[] = [];
  const step = <T>(name: string, value: T): Promise<T> => {
    steps.push(name);
    return name === fails ? Promise.reject(new Error(`${name} failed`)) : Promise.resolve(value);
  };
  return {
    steps,
    preview: () => step('preview', expected),
    apply: () => step('apply', done),
    report: (outcome: string) => step(`report ${outcome}`, undefined),
  };
}

describe('a change in a transaction', () => {
  const makeChange = createReportedChanges(true);

  it('is made first, and the event reports what it did', async () => {
    const change = createChange();
    expect(await makeChange(change)).toBe('done');
    expect(change.steps).toEqual(['apply', 'report done']);
  });

  it('is not reported when it changed nothing', async () => {
    const change = createChange({ done: null });
    expect(await makeChange(change)).toBeNull();
    expect(change.steps).toEqual(['apply']);
  });

  it('fails when its event cannot be written', async () => {
    await expect(makeChange(createChange({ fails: 'report done' }))).rejects.toThrow('report done failed');
  });
});

describe('a change without transactions', () => {
  const makeChange = createReportedChanges(false);

  it('is made after the event that reports what it is going to do', async () => {
    const change = createChange();
    expect(await makeChange(change)).toBe('done');
    expect(change.steps).toEqual(['preview', 'report expected', 'apply']);
  });

  it('is not made when its event cannot be written', async () => {
    const change = createChange({ fails: 'report expected' });
    await expect(makeChange(change)).rejects.toThrow('report expected failed');
    expect(change.steps).not.toContain('apply');
  });

  it('is not reported when it is going to change nothing, and is made for what came meanwhile', async () => {
    const change = createChange({ expected: null });
    expect(await makeChange(change)).toBe('done');
    expect(change.steps).toEqual(['preview', 'apply']);
  });
});
