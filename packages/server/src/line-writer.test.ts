import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createLineWriter } from './line-writer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function createSink() {
  const written: string[] = [];
  let resume = (): void => {};
  const sink = { isFull: false, written, writtenNow: [] as string[], drain: () => resume() };
  const writer = createLineWriter({
    write: (text) => {
      written.push(text);
      return !sink.isFull;
    },
    onDrain: (then) => {
      resume = then;
    },
    writeNow: (text) => sink.writtenNow.push(text),
  });
  return { sink, writer };
}

it('a line writer writes lines that come close together at once and in order', () => {
  const { sink, writer } = createSink();
  for (const line of ['a\n', 'b\n', 'c\n']) writer.write(line);
  expect(sink.written).toEqual([]);
  vi.advanceTimersByTime(20);
  expect(sink.written).toEqual(['a\nb\nc\n']);
});

it('a line writer waits for a reader that does not keep up', () => {
  const { sink, writer } = createSink();
  sink.isFull = true;
  writer.write('a\n');
  vi.advanceTimersByTime(20);
  writer.write('b\n');
  vi.advanceTimersByTime(20);
  expect(sink.written).toEqual(['a\n']);
  sink.isFull = false;
  sink.drain();
  expect(sink.written).toEqual(['a\n', 'b\n']);
});

it('a line writer says how many lines were lost to a reader that stands still', () => {
  const { sink, writer } = createSink();
  sink.isFull = true;
  writer.write('a\n');
  vi.advanceTimersByTime(20);
  for (let count = 0; count < 12; count += 1) writer.write('x'.repeat(1_000_000));
  sink.isFull = false;
  sink.drain();
  expect(sink.written.at(-1)).toMatch(/"log lines lost","event":"log-lines-lost","lost":3/);
});

it('a line writer does not let a flood wait', () => {
  const { sink, writer } = createSink();
  writer.write('x'.repeat(70_000));
  expect(sink.written).toHaveLength(1);
});

it('a line writer brings out what is waiting when the process ends', () => {
  const { sink, writer } = createSink();
  writer.write('last words\n');
  writer.flush();
  expect(sink.writtenNow).toEqual(['last words\n']);
});

it('a line writer counts the lines that could not be written, and says so once they can', () => {
  const written: string[] = [];
  let isFull = true;
  const writer = createLineWriter({
    write: (text, onLost) => {
      if (isFull) onLost(text.split('\n').length - 1);
      else written.push(text);
      return true;
    },
    onDrain: () => {},
    writeNow: () => {},
  });
  for (const line of ['a\n', 'b\n', 'c\n']) {
    writer.write(line);
    vi.advanceTimersByTime(20);
  }
  expect(writer.lostLines()).toBe(3);
  isFull = false;
  for (const line of ['d\n', 'e\n']) {
    writer.write(line);
    vi.advanceTimersByTime(20);
  }
  expect(written).toEqual([expect.stringMatching(/^d\n.*"event":"log-lines-lost","lost":3\}\n$/), 'e\n']);
  expect(writer.lostLines()).toBe(3);
});
