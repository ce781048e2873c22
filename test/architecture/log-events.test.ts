import { describe, expect, it } from 'vitest';
import { isTestFile, readSources, readText } from './source-tree.ts';

/*
 * The type of a logger demands the field `event`. Here: events are literal and spelled alike, and operators find each one
 * in the reference of log lines.
 */
const page = readText('docs/operations/logs.md');
const documented = [...page.matchAll(/^\| `([a-z-]+)` +\| `(?:info|warn|error)/gm)].map(([, event]) => event);

/** What a writer of its own writes: the record of a request, and the report of a log that lost lines. */
const writtenElsewhere = ['request', 'log-lines-lost'];

const events = readSources('packages', 'demo')
  .filter(({ file }) => /^(?:packages\/[a-z]+\/src|demo)\//.test(file) && !isTestFile(file))
  .flatMap(({ file, text }) =>
    [...text.matchAll(/[lL]ogger\.(?:info|warn|error)\((?:[^'`]*)['`](?:[^'`]*)['`],\s*\{\s*event: ([^,}\s]+)/g)].map(
      ([, event = '']) => ({ file, event }),
    ),
  );

describe('the events of log lines', () => {
  it('are many, so that this test has not gone blind', () => {
    expect(events.length).toBeGreaterThan(45);
  });

  it('are written as one literal of lower-case words each', () => {
    expect(events.filter(({ event }) => !/^'[a-z]+(?:-[a-z]+)*'$/.test(event))).toEqual([]);
  });

  it('are listed in the documentation, which lists no other', () => {
    const names = [...events.map(({ event }) => event.slice(1, -1)), ...writtenElsewhere];
    expect(new Set(documented)).toEqual(new Set(names));
  });
});
