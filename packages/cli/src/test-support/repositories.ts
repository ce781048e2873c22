import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable, Writable } from 'node:stream';
import { runCommandLine } from '../run.ts';
import type { CommandResult } from './memory-terminal.ts';

/** Files by path. */
export type Files = Readonly<Record<string, string>>;

/** A repository of a team, committed. */
export interface TeamRepository {
  readonly root: string;
  /** Runs `sallyport init`; answers are typed at a terminal. */
  init(args: readonly string[], answers?: readonly string[]): Promise<CommandResult>;
  read(file: string): string;
  git(...words: readonly string[]): string;
  commit(): void;
}

/** Makes a repository and commits it. */
export function makeRepository(files: Files): TeamRepository {
  // A product is called like its folder where nothing else says so.
  const root = path.join(mkdtempSync(path.join(tmpdir(), 'sallyport-init-')), 'acme');
  mkdirSync(root);
  const git = (...words: readonly string[]): string =>
    execFileSync('git', ['-c', 'user.name=Team', '-c', 'user.email=team@example.test', ...words], {
      cwd: root,
      encoding: 'utf8',
    });
  const commit = (): void => {
    git('add', '--all');
    git('commit', '--quiet', '--message', 'State');
  };
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  }
  git('init', '--quiet');
  commit();
  return {
    root,
    git,
    commit,
    read: (file) => readFileSync(path.join(root, file), 'utf8'),
    init: (args, answers) => runInit(root, args, answers),
  };
}

/** A folder as `npm run pack` leaves it behind, with files that are only names. */
export function makeTarballs(without: readonly string[] = []): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-packed-'));
  const names = [
    '',
    '-core',
    '-gateway',
    '-identity',
    '-nestjs',
    '-nextjs',
    '-oauth',
    '-pages',
    '-policy',
    '-server',
    '-stores',
    '-testing',
  ];
  for (const name of names.filter((each) => !without.includes(each)))
    writeFileSync(path.join(folder, `sallyport${name}-0.1.0.tgz`), `tarball${name}`);
  return folder;
}

/** Every file of a folder, with its text. */
export function readTree(root: string): Files {
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .filter((file) => !file.startsWith('.git/'))
    .sort();
  return Object.fromEntries(files.map((file) => [file, readFileSync(path.join(root, file), 'utf8')]));
}

async function runInit(
  root: string,
  args: readonly string[],
  answers: readonly string[] | undefined,
): Promise<CommandResult> {
  const texts = { output: '', errors: '' };
  const sink = (name: keyof typeof texts): Writable =>
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        texts[name] += chunk.toString();
        done();
      },
    });
  const input = Readable.from([Buffer.from((answers ?? []).map((answer) => `${answer}\n`).join(''))]);
  const code = await runCommandLine(['init', ...args], {
    environment: {},
    workingFolder: root,
    input: answers === undefined ? input : Object.assign(input, { isTTY: true }),
    output: sink('output'),
    errors: sink('errors'),
  });
  return { code, output: texts.output, errors: texts.errors, json: () => JSON.parse(texts.output) as unknown };
}
