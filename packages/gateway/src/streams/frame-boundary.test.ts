import { describe, expect, it } from 'vitest';
import { writeFrame } from '../test-support/web-socket-client.ts';
import { EventBoundary } from './event-boundary.ts';
import { FrameBoundary } from './frame-boundary.ts';

const frames = [
  writeFrame(''),
  writeFrame('x'),
  writeFrame('x'.repeat(125), { isMasked: true }),
  writeFrame('x'.repeat(126)),
  writeFrame('x'.repeat(300), { isMasked: true, isFinal: false }),
  writeFrame('x'.repeat(70_000), { opcode: 2 }),
  writeFrame('', { opcode: 9, isMasked: true }),
];

describe('the boundary of frames', () => {
  it('is reached before the first byte', () => {
    expect(new FrameBoundary().isReached).toBe(true);
  });

  it.each(frames.map((frame) => [frame.length, frame]))(
    'is reached after %i bytes, and at no byte before',
    (_, frame) => {
      const boundary = new FrameBoundary();
      const reachedAfter: number[] = [];
      for (const [index, byte] of frame.entries()) {
        boundary.follow(Buffer.from([byte]));
        if (boundary.isReached) reachedAfter.push(index + 1);
      }
      expect(reachedAfter).toEqual([frame.length]);
    },
  );

  it.each([1, 2, 3, 7, 1000, 1_000_000])('is the same in pieces of %i bytes', (size) => {
    const all = Buffer.concat(frames);
    const boundary = new FrameBoundary();
    for (let at = 0; at < all.length; at += size) boundary.follow(all.subarray(at, at + size));
    expect(boundary.isReached).toBe(true);
    boundary.follow(all.subarray(0, 5).subarray(0, 4));
    expect(boundary.isReached).toBe(false);
  });

  it('is where following stops when it is asked to', () => {
    const boundary = new FrameBoundary();
    const first = writeFrame('one');
    expect(boundary.follow(first.subarray(0, 3), true)).toBe(3);
    expect(boundary.follow(Buffer.concat([first.subarray(3), writeFrame('two')]), true)).toBe(first.length - 3);
    expect(boundary.isReached).toBe(true);
  });

  it('does not come for a frame that says it is endless', () => {
    const boundary = new FrameBoundary();
    boundary.follow(Buffer.from([0x82, 127, 255, 255, 255, 255, 255, 255, 255, 255]));
    boundary.follow(Buffer.alloc(1_000_000));
    expect(boundary.isReached).toBe(false);
  });
});

describe('the boundary of events', () => {
  it.each(['', 'data: 1\n\n', 'data: 1\r\n\r\n', 'data: 1\r\r', ': comment\n\n', '\n', 'data: 1\n\r\n', 'a\n\n\n'])(
    'is reached after %j, in any pieces',
    (text) => {
      const whole = new EventBoundary();
      whole.follow(Buffer.from(text));
      expect(whole.isReached).toBe(true);
      for (const size of [1, 2, 3]) {
        const pieces = new EventBoundary();
        for (let at = 0; at < text.length; at += size) pieces.follow(Buffer.from(text.slice(at, at + size)));
        expect(pieces.isReached).toBe(true);
      }
    },
  );

  it.each([
    'd',
    'data: 1',
    'data: 1\n',
    'data: 1\r\n',
    'data: 1\r',
    'data: 1\n\nd',
    'data: 1\n\nid: 2\n',
    'a\r\nb\r\n',
  ])('is not reached after %j, in any pieces', (text) => {
    const whole = new EventBoundary();
    whole.follow(Buffer.from(text));
    expect(whole.isReached).toBe(false);
    for (const size of [1, 2, 3]) {
      const pieces = new EventBoundary();
      for (let at = 0; at < text.length; at += size) pieces.follow(Buffer.from(text.slice(at, at + size)));
      expect(pieces.isReached).toBe(false);
    }
  });
});
