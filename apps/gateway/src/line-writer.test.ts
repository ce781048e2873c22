import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createLineWriter } from './line-writer.ts';

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

it('writes the lines of one turn together and in order', async () => {
  const { sink, writer } = createSink();
  for (const line of ['a\n', 'b\n', 'c\n']) writer.write(line);
  expect(sink.written).toEqual([]);
  await nextTurn();
  expect(sink.written).toEqual(['a\nb\nc\n']);
});

it('waits for a reader that does not keep up', async () => {
  const { sink, writer } = createSink();
  sink.isFull = true;
  writer.write('a\n');
  await nextTurn();
  writer.write('b\n');
  await nextTurn();
  expect(sink.written).toEqual(['a\n']);
  sink.isFull = false;
  sink.drain();
  expect(sink.written).toEqual(['a\n', 'b\n']);
});

it('says how many lines were lost to a reader that stands still', async () => {
  const { sink, writer } = createSink();
  sink.isFull = true;
  writer.write('a\n');
  await nextTurn();
  for (let count = 0; count < 12; count += 1) writer.write('x'.repeat(1_000_000));
  sink.isFull = false;
  sink.drain();
  expect(sink.written.at(-1)).toMatch(/"log lines lost","lost":3/);
});

it('brings out what is waiting when the process ends', () => {
  const { sink, writer } = createSink();
  writer.write('last words\n');
  writer.flush();
  expect(sink.writtenNow).toEqual(['last words\n']);
});
