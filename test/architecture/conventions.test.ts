import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  isTestFile,
  listFiles,
  listWorkspaces,
  readManifest,
  readSources,
  readText,
  withoutComments,
  type SourceFile,
} from './source-tree.ts';

const packageSources = readSources('packages').filter(({ file }) => !isTestFile(file));
/**
 * Contract suites run inside a test runner, in processes of their own; the command line and the server have one
 * file each that is the process. `sallyport dev` ends what it started.
 */
const librarySources = packageSources.filter(
  ({ file }) =>
    !file.startsWith('packages/testing/') &&
    ![
      'packages/cli/src/main.ts',
      'packages/cli/src/dev/process-group.ts',
      'packages/server/src/run-gateway.ts',
      'packages/server/src/end-on-fault.ts',
    ].includes(file),
);
const allSources = readSources('packages', 'apps', 'examples', 'tools', 'bench', 'test');

describe('libraries', () => {
  it('never read the environment, except in a Next application, which has no composition root', () => {
    const exceptions = new Set([
      'packages/nextjs/src/auth-js/next-auth-address.ts',
      'packages/nextjs/src/server/zone-environment.ts',
      'packages/nextjs/src/zone/with-zone.ts',
      'packages/nextjs/src/zone/zone-proxy.ts',
      // It writes code that does.
      'packages/cli/src/init/edits/edit-app-module.ts',
    ]);
    const found = findLines(librarySources, /process\.env\b|import\.meta\.env\b/);
    expect(found.filter((line) => !exceptions.has(line.split(':')[0] ?? ''))).toEqual([]);
  });

  it('never write to the console, except in a browser, where developers have no other log', () => {
    const found = findLines(librarySources, /\bconsole\.\w+\(|process\.std(?:out|err)\.write/);
    expect(found.filter((line) => !line.startsWith('packages/nextjs/src/client/browser-tab.ts:'))).toEqual([]);
  });

  it('never end the process', () => {
    expect(findLines(librarySources, /(?<!\.)process\.(?:exit|abort|kill)\(/)).toEqual([]);
  });

  it('never augment the types of another package', () => {
    expect(findLines(librarySources, /^declare (?:global|module)\b/)).toEqual([]);
  });

  it('give every refusal of the gateway and of identity a reason that an operator can search for', () => {
    const sources = packageSources.filter(({ file }) => /^packages\/(?:gateway|identity)\//.test(file));
    const without = sources.flatMap(({ file, text }) =>
      [...withoutComments(text).matchAll(/new SallyportError\((?:[^()]|\([^()]*(?:\([^()]*\)[^()]*)*\))*\)/g)]
        .filter(([call]) => !/\breason\b/.test(call))
        .map(([call]) => `${file}: ${call}`),
    );
    expect(without).toEqual([]);
  });

  it('have no default exports', () => {
    expect(findLines(packageSources, /^export default\b/)).toEqual([]);
  });

  it('read the environment in apps and examples only where the process is put together', () => {
    const readers = /\/(?:main|environment|configuration|[\w-]*config|[\w-]*environment|demo-mode)\.ts$|\.config\.ts$/;
    const sources = readSources('apps', 'examples').filter(
      ({ file }) => !isTestFile(file) && !readers.test(`/${file}`),
    );
    const found = findLines(sources, /process\.env\b(?!\.NODE_ENV)/);
    expect(found).toEqual([]);
  });
});

describe('files', () => {
  it('never re-export everything of another file', () => {
    expect(findLines(allSources, /^export \*/)).toEqual([]);
  });

  it('are named for their idea', () => {
    const vague = /(?:^|\/)(?:utils?|helpers?|common|misc|shared|types|constants)(?:\/|\.tsx?$)/;
    expect(allSources.map(({ file }) => file).filter((file) => vague.test(file))).toEqual([]);
  });

  it('have names in kebab-case', () => {
    const names = allSources.map(({ file }) => file).filter((file) => !/\/app\//.test(file));
    expect(names.filter((file) => !/^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/.test(path.posix.basename(file)))).toEqual([]);
  });

  it('import other files of ours with their extension', () => {
    const pattern = /from '\.{1,2}\/[^']*(?<!\.(?:ts|tsx|mjs|json|css|woff2|svg))'/;
    expect(findLines(allSources, pattern)).toEqual([]);
  });

  it('hold no secret, no token and no path of a machine', () => {
    const patterns = [
      new RegExp(['-----BEGIN ', '(?:EC |RSA )?PRIVATE KEY-----\\s*[A-Za-z0-9+/]{20}'].join('')),
      /\beyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{20,}/,
      /\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|npm_[A-Za-z0-9]{30,}|sk_live_\w{10,}|xox[abp]-\w{10,})/,
      /(?<![\w.~-])\/(?:home|Users)\/(?!runner\b)[a-z][\w-]+\//,
      new RegExp(['(?<![\\w./-])/', 'work/(?:main|shared)\\b'].join('')),
    ];
    const texts = listFiles('.', /\.(?:ts|tsx|mts|mjs|js|json|md|sh|css|svg|ya?ml)$|^run$/).filter(
      // A stored gateway is nothing without its secrets, which were made for the test alone.
      (file) => file !== 'package-lock.json' && !file.startsWith('test/upgrades/fixtures/'),
    );
    const found = texts.filter((file) => patterns.some((pattern) => pattern.test(readText(file))));
    expect(found).toEqual([]);
  });
});

describe('packages', () => {
  it('pin every dependency exactly', () => {
    const loose = ['.', ...listWorkspaces()].flatMap((folder) => {
      const { dependencies, devDependencies, optionalDependencies } = readManifest(folder);
      return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
        .filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))
        .map(([name, version]) => `${folder}: ${name} ${version}`);
    });
    expect(loose).toEqual([]);
  });

  it.each(listFiles('packages', /^package\.json$/).map((file) => path.posix.dirname(file)))(
    'document everything that %s offers',
    (folder) => {
      const undocumented = entryFilesOf(folder).flatMap((entry) =>
        exportedNamesOf(entry)
          // The members of options are documented one by one; the whole is documented where it is used.
          .filter(({ name }) => !/(?:Options|Props)$/.test(name))
          .filter(({ name, file }) => !isDocumented(readText(file), name))
          .map(({ name, file }) => `${name} in ${file}`),
      );
      expect([...new Set(undocumented)]).toEqual([]);
    },
  );
});

describe('papers', () => {
  const papers = listFiles('.', /\.md$/).filter((file) => !file.includes('node_modules'));

  it('link only to files that exist', () => {
    const everything = new Set(listFiles('.', /./));
    const folders = new Set([...everything].flatMap(parentsOf));
    const broken = papers.flatMap((file) =>
      [...readText(file).matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)/g)]
        .map(([, target = '']) => path.posix.normalize(path.posix.join(path.posix.dirname(file), target)))
        .map((target) => target.replace(/\/$/, ''))
        .filter((target) => !everything.has(target) && !folders.has(target))
        .map((target) => `${file} links to ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it('name only folders and files that exist', () => {
    const everything = new Set(listFiles('.', /./));
    const folders = new Set([...everything].flatMap(parentsOf));
    const broken = papers.flatMap((file) =>
      [...readText(file).matchAll(/`((?:packages|apps|examples|test|tools|bench|docs)\/[\w./-]+)`/g)]
        .map(([, target = '']) => target.replace(/\/$/, ''))
        .filter((target) => !everything.has(target) && !folders.has(target))
        .map((target) => `${file} names ${target}`),
    );
    expect([...new Set(broken)]).toEqual([]);
  });

  it('are there where a message of a package names one', () => {
    const named = packageSources.flatMap(({ file, text }) =>
      [...text.matchAll(/\bdocs\/[\w/-]+\.md\b/g)].map(([page]) => ({ file, page })),
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter(({ page }) => !papers.includes(page))).toEqual([]);
  });

  it('name no command that npm would take from a registry, where nothing is published', () => {
    const texts = listFiles('.', /\.(?:md|ts|tsx|mts|mjs|ya?ml)$/);
    expect(texts.filter((file) => /npx (?:--yes |-y )?@?sallyport/.test(readText(file)))).toEqual([]);
  });

  it('name only commands that exist', () => {
    // In repositories of adopters: what "sallyport init" writes, and what Nest does.
    const scripts = { 'dev:all': '', 'start:dev': '', ...readManifest('.').scripts };
    const unknown = papers.flatMap((file) =>
      [...readText(file).matchAll(/\bnpm run ([a-z][\w:-]*)/g)]
        .map(([, script = '']) => script)
        .filter((script) => !(script in scripts))
        .map((script) => `${file} names npm run ${script}`),
    );
    expect([...new Set(unknown)]).toEqual([]);
  });
});

function findLines(sources: readonly SourceFile[], pattern: RegExp): string[] {
  return sources.flatMap(({ file, text }) =>
    withoutComments(text)
      .split('\n')
      .filter((line) => pattern.test(line))
      .map((line) => `${file}: ${line.trim()}`),
  );
}

function parentsOf(file: string): string[] {
  const parts = file.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

function entryFilesOf(folder: string): string[] {
  return Object.values(readManifest(folder).exports ?? {}).flatMap((target) => {
    const source = typeof target === 'string' ? undefined : target['@sallyport/source'];
    return source === undefined ? [] : filesOfExport(folder, source);
  });
}

/** The files behind an entry of `exports`, which may be a pattern: `./src/*.tsx`. */
function filesOfExport(folder: string, source: string): readonly string[] {
  const target = path.posix.join(folder, source);
  const [before, after] = target.split('*');
  if (after === undefined) return [target];
  return listFiles(folder, /./).filter((file) => file.startsWith(before ?? '') && file.endsWith(after));
}

interface ExportedName {
  readonly name: string;
  readonly file: string;
}

function exportedNamesOf(entry: string): ExportedName[] {
  const text = withoutComments(readText(entry));
  const listed = [...text.matchAll(/^export (?:type )?\{([^}]*)\} from '([^']+)';/gm)].flatMap(
    ([, names = '', from = '']) =>
      from.startsWith('.')
        ? names
            .split(',')
            .map((part) =>
              part
                .trim()
                .replace(/^type /, '')
                .replace(/ as .*$/, ''),
            )
            .filter((name) => name !== '')
            .map((name) => ({ name, file: path.posix.normalize(path.posix.join(path.posix.dirname(entry), from)) }))
        : [],
  );
  const own = [...text.matchAll(declaration('(\\w+)', 'gm'))].map(([, name = '']) => ({ name, file: entry }));
  return [...listed, ...own];
}

function declaration(name: string, flags: string): RegExp {
  const kinds = '(?:async function|function\\*?|const|class|abstract class|interface|type|enum)';
  return new RegExp(`^export (?:declare )?${kinds} ${name}\\b`, flags);
}

/** A declaration is documented when a doc comment ends right above it; decorators may stand between. */
function isDocumented(text: string, name: string): boolean {
  const match = declaration(name, 'm').exec(text);
  if (match === null) return new RegExp(`^export \\{[^}]*\\b${name}\\b`, 'm').test(text);
  const above = text.slice(0, match.index).split('\n').slice(0, -1);
  while (/^(?:@|\)|\}|\s)/.test(above.at(-1) ?? '') && !/\*\/\s*$/.test(above.at(-1) ?? '')) above.pop();
  return /\*\/\s*$/.test(above.at(-1) ?? '');
}
