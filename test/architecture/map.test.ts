import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { listFiles, readText, root, withoutComments } from './source-tree.ts';

/** ARCHITECTURE.md is believed by those who are new here, so every path on it must exist. */
const page = readText('ARCHITECTURE.md');

const questions = [
  'Where does a cookie become a principal?',
  'Where is a second factor verified?',
  'Where are limits configured?',
  'How is a zone added?',
  'Where is a token minted?',
  'Where is a revocation published?',
  'Where does the provider give a token?',
  'Where is a sign-in with a provider decided?',
  'Where does an error become a response?',
  'Where is a route matched?',
  'Where is a password hashed?',
  'Where is the configuration validated?',
  'Where are mails written?',
  'Where is a key rotated?',
];

describe('the map in ARCHITECTURE.md', () => {
  it('answers fourteen questions', () => {
    expect(rowsOf('Where is it?').map(([question]) => question)).toEqual(questions);
  });

  it.each(rowsOf('Where is it?'))('names a file that exists: %s', (_, answer) => {
    const paths = pathsIn(answer ?? '');
    expect(paths.filter((name) => kindOf(name) !== 'file')).toEqual([]);
    expect(paths).not.toEqual([]);
  });

  it.each(rowsOf('The request path'))('leads from a stage to its file: %s', (_, answer) => {
    const paths = pathsIn(answer ?? '');
    expect(paths.filter((name) => kindOf(name) === 'none')).toEqual([]);
    expect(paths).not.toEqual([]);
  });

  it('names only paths that exist', () => {
    expect(pathsIn(page).filter((name) => kindOf(name) === 'none')).toEqual([]);
  });

  it('names every package, every suite and every folder at the top', () => {
    const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).split('\n');
    const folders = [
      ...listFiles('packages', /^package\.json$/).map((file) => path.posix.dirname(file)),
      ...tracked.map((file) => /^(?:test\/)?[a-z]\w*(?=\/)/.exec(file)?.[0] ?? '').filter((folder) => folder !== ''),
    ];
    const missing = [...new Set(folders)].filter(
      (folder) => kindOf(folder) === 'folder' && !page.includes(`\`${folder}\``) && !page.includes(`\`${folder}/`),
    );
    expect(missing).toEqual([]);
  });

  it('names every member of the contract of a feature', () => {
    const members = [
      ...withoutComments(readText('packages/identity/src/feature.ts')).matchAll(/^ {2}readonly (\w+)/gm),
    ];
    const named = new Set(rowsOf('The contract of a feature').map(([member]) => member));
    expect(members.map(([, member]) => `\`${member}\``).filter((member) => !named.has(member))).toEqual([]);
  });
});

/** Cells of the first table below a heading, without its head. */
function rowsOf(heading: string): string[][] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const lines = section.split('\n');
  const begin = lines.findIndex((line) => line.startsWith('|'));
  const table = lines.slice(begin, begin + lines.slice(begin).findIndex((line) => !line.startsWith('|')));
  return table.slice(2).map((line) => {
    const [, ...cells] = line.split('|').map((cell) => cell.trim());
    return cells.slice(0, -1);
  });
}

/** Paths stand in backticks and begin at the top of the repository; `/auth/*` and `@sallyport/core` are none. */
function pathsIn(text: string): string[] {
  return [...text.matchAll(/`([a-z][\w.-]*\/[\w./[\]-]+|[\w-]+\.(?:ts|md|yaml))`/g)].map(([, name = '']) => name);
}

function kindOf(name: string): 'file' | 'folder' | 'none' {
  const found = statSync(path.join(root, name), { throwIfNoEntry: false });
  if (found === undefined) return 'none';
  return found.isDirectory() ? 'folder' : 'file';
}
