import { describe, expect, it, vi } from 'vitest';
import { readBytesWithin } from './read-bytes-within.ts';

/** A body in pieces of these sizes, which says when it is cancelled. */
function bodyOf(sizes: readonly number[], cancelled = vi.fn<() => void>()): ReadableStream<Uint8Array<ArrayBuffer>> {
  const left = [...sizes];
  return new ReadableStream(
    {
      pull: (controller) => {
        const size = left.shift();
        if (size === undefined) controller.close();
        else controller.enqueue(new Uint8Array(size));
      },
      cancel: cancelled,
    },
    { highWaterMark: 0 },
  );
}

describe('a body', () => {
  it.each([
    ['that is none', null, 0],
    ['that is empty', bodyOf([]), 0],
    ['of exactly as many bytes as it may have', bodyOf([4, 6]), 10],
  ])('%s is read', async (_, body, length) => {
    expect(await readBytesWithin(body, 10)).toHaveLength(length);
  });

  it.each([
    ['in one piece', [11]],
    ['in its last byte', [10, 1]],
    ['without an end', Array.from({ length: 1000 }, () => 7)],
  ])('that is too long %s is left where it is too long, and cancelled', async (_, sizes) => {
    const cancelled = vi.fn<() => void>();
    expect(await readBytesWithin(bodyOf(sizes, cancelled), 10)).toBeUndefined();
    expect(cancelled).toHaveBeenCalledOnce();
  });

  it('that breaks is no short body', async () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error('reset')) });
    await expect(readBytesWithin(body, 10)).rejects.toThrow('reset');
  });
});
