import { builtinModules } from 'node:module';
import { describe, expect, it } from 'vitest';
import { topology } from '../../demo/topology.ts';
import {
  importsOf,
  isTestFile,
  listFiles,
  listWorkspaces,
  readManifest,
  readSources,
  readText,
  resolveRelative,
  type SourceFile,
} from './source-tree.ts';

const pages = ['@sallyport/core', '@sallyport/nextjs', '@sallyport/policy', '@sallyport/ui'];

/** Which of our packages each part may import. Apps and examples compose; no package imports them. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'packages/core': [],
  'packages/client': [],
  'packages/policy': ['@sallyport/core'],
  'packages/stores': ['@sallyport/core'],
  'packages/identity': ['@sallyport/core'],
  'packages/oauth': ['@sallyport/core', '@sallyport/identity'],
  'packages/gateway': ['@sallyport/core'],
  'packages/nestjs': ['@sallyport/core', '@sallyport/policy'],
  'packages/nextjs': ['@sallyport/core', '@sallyport/policy'],
  'packages/testing': ['@sallyport/core'],
  'packages/ui': ['@sallyport/core', '@sallyport/nextjs'],
  'packages/pages': ['@sallyport/core'],
  'packages/server': [
    '@sallyport/core',
    '@sallyport/gateway',
    '@sallyport/identity',
    '@sallyport/oauth',
    '@sallyport/pages',
    '@sallyport/policy',
    '@sallyport/stores',
  ],
  'packages/cli': [
    '@sallyport/core',
    '@sallyport/identity',
    '@sallyport/policy',
    '@sallyport/server',
    '@sallyport/stores',
  ],
  'apps/gateway': ['@sallyport/server'],
  // With the policy file of the shop, by which it shows and hides.
  'apps/shell': [...pages, '@sallyport/example-shop-kit', '@sallyport/policy'],
  // A zone is a folder and a row of demo/topology.ts.
  ...Object.fromEntries(topology.flatMap(({ kind, folder }) => (kind === 'zone' ? [[folder, pages]] : []))),
  'examples/shop': ['@sallyport/example-shop-kit', '@sallyport/nestjs', '@sallyport/policy'],
  'examples/orders': ['@sallyport/example-shop-kit', '@sallyport/nestjs', '@sallyport/policy'],
  // What both services are made with, and the policy file that they share with the gateway and the pages.
  'examples/shop-kit': ['@sallyport/nestjs', '@sallyport/policy'],
  // What tutorials build, which knows nothing of ours.
  'examples/classic-nest': [],
  'examples/single-nest': ['@sallyport/nestjs', '@sallyport/server'],
  // Its configuration of a gateway beside the server.
  'examples/mcp-nest': ['@sallyport/nestjs', '@sallyport/server'],
  'examples/auth-js-shell': pages,
  'examples/spa-client': ['@sallyport/client'],
  'examples/terminal-client': ['@sallyport/client'],
  'examples/hono-proxy': ['@sallyport/core', '@sallyport/gateway'],
};

/** What the tests of a part may import beside its own: identity is tested on the real stores, not on stand-ins. */
const allowedInTests: Readonly<Record<string, readonly string[]>> = {
  'packages/identity': ['@sallyport/stores'],
  'packages/oauth': ['@sallyport/stores'],
  // Orders asks the service of products through a gateway.
  'examples/orders': ['@sallyport/example-shop', '@sallyport/server'],
};

describe('dependencies between the parts', () => {
  it('are declared here for every workspace', () => {
    expect(Object.keys(allowed).sort()).toEqual(listWorkspaces().sort());
  });

  it.each(Object.entries(allowed))('let %s import only what its place allows', (folder, names) => {
    const violations = readSources(folder).flatMap((source) => {
      const permitted = isTestFile(source.file)
        ? [...names, '@sallyport/testing', ...(allowedInTests[folder] ?? [])]
        : names;
      return importsOf(source)
        .filter((specifier) => isOurs(specifier) && !permitted.includes(packageOf(specifier)))
        .map((specifier) => `${source.file} imports ${specifier}`);
    });
    expect(violations).toEqual([]);
  });

  it.each(Object.keys(allowed))('let no relative import leave %s', (folder) => {
    const violations = readSources(folder).flatMap((source) =>
      importsOf(source)
        .filter((specifier) => specifier.startsWith('.'))
        .filter((specifier) => !resolveRelative(source.file, specifier).startsWith(`${folder}/`))
        .map((specifier) => `${source.file} imports ${specifier}`),
    );
    expect(violations).toEqual([]);
  });

  it('let no package, app or example import the demo', () => {
    const violations = readSources('packages', 'apps', 'examples').flatMap((source) =>
      importsOf(source)
        .filter((specifier) => /(?:^|\/)demo\//.test(specifier))
        .map((specifier) => `${source.file} imports ${specifier}`),
    );
    expect(violations).toEqual([]);
  });

  it('import other packages through their entry points only', () => {
    const entryPoints = listWorkspaces().flatMap((folder) => {
      const { name, exports = {} } = readManifest(folder);
      return Object.keys(exports).map((key) => toPattern(`${name}${key.slice(1)}`));
    });
    const isEntryPoint = (specifier: string) => entryPoints.some((pattern) => pattern.test(specifier));
    const violations = readSources('packages', 'apps', 'examples').flatMap((source) =>
      importsOf(source)
        .filter((specifier) => isOurs(specifier) && !isEntryPoint(specifier))
        .map((specifier) => `${source.file} imports ${specifier}`),
    );
    expect(violations).toEqual([]);
  });
});

describe('the browser entry of core', () => {
  it('loads no Node built-in, no token library and no schema library', () => {
    const heavy = new Set([...builtinModules, 'jose', 'zod']);
    const violations = closureOf('packages/core/src/browser.ts').flatMap((source) =>
      runtimeImportsOf(source)
        .filter((specifier) => specifier.startsWith('node:') || heavy.has(specifier))
        .map((specifier) => `${source.file} imports ${specifier}`),
    );
    expect(violations).toEqual([]);
  });
});

describe('policies, which run in browsers', () => {
  it('load nothing but CASL and the browser entry of core', () => {
    const allowedModules = ['@casl/ability', '@casl/ability/extra', '@sallyport/core/browser'];
    const violations = closureOf('packages/policy/src/index.ts').flatMap((source) =>
      runtimeImportsOf(source)
        .filter((specifier) => !specifier.startsWith('.') && !allowedModules.includes(specifier))
        .map((specifier) => `${source.file} imports ${specifier}`),
    );
    expect(violations).toEqual([]);
  });

  it('find no Node built-in in CASL either', () => {
    const builtin = new Set(builtinModules);
    const folders = productionClosureOf('node_modules/@casl/ability').map((name) => `node_modules/${name}`);
    const modules = ['node_modules/@casl/ability', ...folders].flatMap((folder) =>
      listFiles(`${folder}/dist`, /\.mjs$/).map((file) => ({ file, text: readText(file) })),
    );
    expect(modules.length).toBeGreaterThan(3);
    const violations = modules.flatMap((source) =>
      importsOf(source)
        .filter((specifier) => specifier.startsWith('node:') || builtin.has(specifier))
        .map((specifier) => `${source.file} imports ${specifier}`),
    );
    expect(violations).toEqual([]);
  });
});

describe('the client, which runs in browsers and on phones', () => {
  it('loads nothing but its own files', () => {
    const violations = closureOf('packages/client/src/index.ts').flatMap((source) =>
      importsOf(source)
        .filter((specifier) => !specifier.startsWith('.'))
        .map((specifier) => `${source.file} imports ${specifier}`),
    );
    expect(violations).toEqual([]);
    expect(Object.keys(readManifest('packages/client').dependencies ?? {})).toEqual([]);
  });
});

describe('what is installed with a package', () => {
  const forbidden =
    /^(?:better-auth|@better-auth\/.*|hono|@hono\/.*|kysely|redis|@redis\/.*|ioredis|pg|mongodb|mongoose|undici)$/;

  it.each(['packages/nestjs', 'packages/nextjs', 'packages/core'])(
    'gives %s no login engine, no web framework of the gateway and no database driver',
    (folder) => {
      expect(productionClosureOf(folder).filter((name) => forbidden.test(name))).toEqual([]);
    },
  );

  it('gives a service only what it brings itself: the shop keeps its products in MongoDB, Sallyport keeps none there', () => {
    const { dependencies = {} } = readManifest('examples/shop');
    const brought = Object.keys(dependencies).filter((name) => forbidden.test(name));
    expect(brought).toEqual(['mongoose']);
    const ofItsOwn = new Set(productionClosureOf('node_modules/mongoose'));
    const others = productionClosureOf('examples/shop').filter((name) => forbidden.test(name) && !ofItsOwn.has(name));
    expect(others).toEqual(['mongoose']);
  });
});

/** An export such as `./*` stands for one file name each. */
function toPattern(entryPoint: string): RegExp {
  return new RegExp(`^${entryPoint.replaceAll('.', '\\.').replace('*', '[\\w./-]+')}$`);
}

function isOurs(specifier: string): boolean {
  return /^(?:@sallyport\/|sallyport(?:\/|$))/.test(specifier);
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Imports that remain when the types are gone. */
function runtimeImportsOf({ file, text }: SourceFile): string[] {
  const code = text
    .replaceAll(/^(?:import|export) type [^;]*;/gm, '')
    .replaceAll(/^(?:import|export) \{(?:\s*type \w+(?: as \w+)?,?)+\s*\} from [^;]*;/gm, '');
  return importsOf({ file, text: code });
}

function closureOf(entry: string): SourceFile[] {
  const sources = new Map<string, SourceFile>();
  const visit = (file: string) => {
    if (sources.has(file)) return;
    const source = { file, text: readText(file) };
    sources.set(file, source);
    for (const specifier of runtimeImportsOf(source)) {
      if (specifier.startsWith('.')) visit(resolveRelative(file, specifier));
    }
  };
  visit(entry);
  return [...sources.values()];
}

interface LockEntry {
  readonly resolved?: string;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Names of everything that npm installs for the production dependencies of a workspace. */
function productionClosureOf(folder: string): string[] {
  const { packages } = JSON.parse(readText('package-lock.json')) as { packages: Readonly<Record<string, LockEntry>> };
  const names = new Set<string>();
  const seen = new Set<string>();
  const visit = (key: string) => {
    if (seen.has(key)) return;
    seen.add(key);
    const { dependencies, optionalDependencies } = packages[key] ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      names.add(name);
      const found = locate(packages, key, name);
      if (found !== undefined) visit(found);
    }
  };
  visit(folder);
  return [...names].sort();
}

/** Where Node would find a package from another one: the nearest node_modules upwards. */
function locate(packages: Readonly<Record<string, LockEntry>>, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    const key = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    const entry = packages[key];
    if (entry !== undefined) return entry.link === true ? entry.resolved : key;
    if (folder === '') return undefined;
  }
}
