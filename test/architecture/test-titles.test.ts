import { describe, expect, it } from 'vitest';
import { readSources } from './source-tree.ts';

/* A failure is listed as "describe > it": the whole path is a sentence that can be read alone. */

interface Title {
  readonly text: string;
  readonly line: number;
  readonly isInDescribe: boolean;
}

const files = readSources('packages', 'apps', 'examples', 'demo', 'tools', 'bench', 'test').filter(({ text }) =>
  /^\s*(?:it|test)[.(]/m.test(text),
);

describe('the title of a test', () => {
  it('does not go on with the sentence of another test', () => {
    expect(findTitles((title) => /^(?:and|but|also|or|nor|so)\b/.test(title.text))).toEqual([]);
  });

  it('begins with its subject where no describe names one', () => {
    const subject = /^(?:[A-Z]\d+: )?(?:(?:a|an|the|each|every|any|no|one|two|what)\b|["%$])/;
    expect(findTitles((title) => !title.isInDescribe && !subject.test(title.text))).toEqual([]);
  });
});

function findTitles(isFound: (title: Title) => boolean): readonly string[] {
  return files.flatMap(({ file, text }) =>
    titlesOf(text)
      .filter(isFound)
      .map(({ text: title, line }) => `${file}:${line}: ${title}`),
  );
}

/** Titles of tests, in files that Prettier has laid out: the end of a table stands under the word that opened it. */
function titlesOf(text: string): readonly Title[] {
  const openers = new Map<number, string>();
  let before = '';
  return text.split('\n').flatMap((line, index) => {
    const indent = line.search(/\S/);
    const opener = /^\s*(it|test|describe)\b[.(]/.exec(line)?.[1];
    if (opener !== undefined) openers.set(indent, opener);
    const own = /^\s*(?:(?:it|test)\b.*?\(|[\])]+\()(['"`])(.*?)\1, /.exec(line);
    const alone = before.endsWith('(') ? /^\s*(['"`])(.*)\1,$/.exec(line) : null;
    const start = own === null ? indent - 2 : indent;
    before = line;
    const title = (own ?? alone)?.[2];
    if (title === undefined || !['it', 'test'].includes(openers.get(start) ?? '')) return [];
    return [{ text: title, line: index + 1, isInDescribe: start > 0 }];
  });
}
