import { SallyportError } from '@sallyport/core';
import { describe, expect, it } from 'vitest';
import { problemOfMessages } from './message-options.ts';
import { createMemoryReplays } from './message-replays.ts';

describe('the memory of taken messages', () => {
  const start = 1_900_000_000_000;
  let now = start;
  const clock = () => now;
  const inSeconds = (seconds: number) => new Date(start + seconds * 1000);

  it('lets one delivery have a message, and the same delivery again', async () => {
    const replays = createMemoryReplays();
    expect(await replays.claim('m', 'stream/1', inSeconds(60))).toBe(true);
    expect(await replays.claim('m', 'stream/1', inSeconds(60))).toBe(true);
    expect(await replays.claim('m', 'stream/2', inSeconds(60))).toBe(false);
    expect(await replays.claim('n', 'stream/2', inSeconds(60))).toBe(true);
  });

  it('forgets what is refused by its age, and nothing before', async () => {
    now = start;
    const replays = createMemoryReplays({ maxEntries: 1, clock });
    await replays.claim('m', 'a', inSeconds(60));
    now = start + 59_999;
    expect(await replays.claim('m', 'b', inSeconds(60))).toBe(false);
    await expect(replays.claim('n', 'b', inSeconds(90))).rejects.toMatchObject({
      code: 'SP_SERVICE_UNAVAILABLE',
      reason: 'too-many-messages-remembered',
    });
    now = start + 60_000;
    expect(await replays.claim('n', 'b', inSeconds(90))).toBe(true);
    expect(await replays.claim('n', 'c', inSeconds(90))).toBe(false);
    await expect(replays.claim('o', 'c', inSeconds(90))).rejects.toBeInstanceOf(SallyportError);
  });
});

describe('the option messages', () => {
  it.each([undefined, {}, { maxWaitSeconds: 3600 }, { replays: 'accept' }, { replays: createMemoryReplays() }])(
    'takes %j',
    (value) => {
      expect(problemOfMessages(value)).toBeUndefined();
    },
  );

  it.each([
    'late',
    null,
    { maxWait: 5 },
    { maxWaitSeconds: 0 },
    { maxWaitSeconds: 3601 },
    { maxWaitSeconds: 1.5 },
    { maxWaitSeconds: '60' },
    { replays: true },
    { replays: { claim: 'no function' } },
  ])('refuses %j', (value) => {
    expect(problemOfMessages(value)).toMatch(/./);
  });
});
