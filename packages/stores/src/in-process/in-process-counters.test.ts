import { OptionsError } from '@sallyport/core';
import { countersContract } from '@sallyport/testing/contracts';
import { describe, expect, it } from 'vitest';
import { createInProcessCounters } from './in-process-counters.ts';

describe('the counters [in-process]', () => {
  countersContract({
    name: 'in process',
    open: async () => {
      let now = Date.parse('2026-03-01T09:00:00Z');
      return {
        counters: createInProcessCounters({ now: () => new Date(now) }),
        pass: (seconds) => {
          now += seconds * 1000;
        },
        close: () => {},
      };
    },
  });
});

describe('bounded memory', () => {
  it('keeps the counts of accounts under attack while new keys flood in', async () => {
    const counters = createInProcessCounters({ maximumKeys: 100 });
    const accounts = Array.from({ length: 80 }, (_, index) => `account-${index}`);
    for (let guess = 0; guess < 5; guess += 1) for (const account of accounts) await counters.increment(account, 3600);
    for (let index = 0; index < 10_000; index += 1) await counters.increment(`flood-${index}`, 3600);
    const counts = await Promise.all(accounts.map(async (account) => (await counters.read(account)).count));
    expect(new Set(counts)).toEqual(new Set([5]));
  });

  it('forgets the smaller counts first, whichever came first', async () => {
    const counters = createInProcessCounters({ maximumKeys: 10 });
    for (let guess = 0; guess < 5; guess += 1) await counters.increment('ada', 3600);
    for (let index = 0; index < 100; index += 1)
      for (let guess = 0; guess < 2; guess += 1) await counters.increment(`flood-${index}`, 3600);
    expect((await counters.read('ada')).count).toBe(5);
  });

  it('never holds more keys than it may', async () => {
    const counters = createInProcessCounters({ maximumKeys: 3 });
    const keys = ['a', 'b', 'c', 'd', 'e'];
    for (const key of keys) await counters.increment(key, 3600);
    const counts = await Promise.all(keys.map(async (key) => (await counters.read(key)).count));
    expect(counts.filter((count) => count > 0)).toHaveLength(3);
    expect((await counters.read('e')).count).toBe(1);
  });

  it('forgets closed windows before open ones', async () => {
    let now = Date.parse('2026-03-01T09:00:00Z');
    const counters = createInProcessCounters({ maximumKeys: 2, now: () => new Date(now) });
    await counters.increment('open', 3600);
    for (let count = 0; count < 9; count += 1) await counters.increment('closed', 1);
    now += 1000;
    await counters.increment('fresh', 3600);
    expect((await counters.read('open')).count).toBe(1);
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses to hold %d keys', (maximumKeys) => {
    expect(() => createInProcessCounters({ maximumKeys })).toThrow(OptionsError);
  });

  it.each([0, -1, Number.NaN])('refuses a window of %d seconds, which would count nothing', async (seconds) => {
    await expect(createInProcessCounters().increment('a', seconds)).rejects.toThrow(TypeError);
  });
});
