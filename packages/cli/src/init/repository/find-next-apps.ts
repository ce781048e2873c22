import { portOfNext, type AppPort } from './app-port.ts';
import { hasVersion } from './framework-versions.ts';
import { nameOfFolder, type PackageFolder } from './manifests.ts';
import { joinPath, type Repository } from './repository.ts';

/** A Next.js application. */
export interface NextApp {
  readonly name: string;
  readonly folder: string;
  readonly manifest: PackageFolder;
  readonly configFile: string | undefined;
  /** Folder of `proxy.ts`: the application, or its `src`. */
  readonly sourceFolder: string;
  /** Folder of the App Router; `undefined` with the Pages Router alone. */
  readonly appFolder: string | undefined;
  readonly layoutFile: string | undefined;
  /** `proxy.ts`, or `middleware.ts` as it was called before. */
  readonly proxyFile: string | undefined;
  /** What its version of Next.js calls a proxy: the name of the file, and of what it exports. */
  readonly proxyName: 'proxy' | 'middleware';
  readonly isTypeScript: boolean;
  readonly hasOwnApi: boolean;
  /** Name of the script that runs the development server. */
  readonly script: string | undefined;
  readonly port: AppPort;
}

const configNames = ['next.config.ts', 'next.config.mts', 'next.config.mjs', 'next.config.js', 'next.config.cjs'];

/** Finds the Next.js applications of a repository: packages that depend on `next` and have pages. */
export function findNextApps(repository: Repository, packages: readonly PackageFolder[]): readonly NextApp[] {
  return packages.flatMap((manifest) => {
    if (!manifest.dependencies.has('next')) return [];
    const app = describe(repository, manifest);
    return app === undefined ? [] : [app];
  });
}

function describe(repository: Repository, manifest: PackageFolder): NextApp | undefined {
  const { folder, scripts } = manifest;
  const first = (names: readonly string[]): string | undefined => names.find((file) => repository.has(file));
  const hasFolder = (path: string): boolean => repository.files.some((file) => file.startsWith(`${path}/`));
  const sources = [joinPath(folder), joinPath(folder, 'src')];
  const withApp = sources.find((source) => hasFolder(joinPath(source, 'app')));
  const withPages = sources.find((source) => hasFolder(joinPath(source, 'pages')));
  const configFile = first(configNames.map((each) => joinPath(folder, each)));
  if (withApp === undefined && withPages === undefined && configFile === undefined) return undefined;

  const sourceFolder = withApp ?? withPages ?? folder;
  const appFolder = withApp === undefined ? undefined : joinPath(withApp, 'app');
  const [script] = Object.entries(scripts).find(([, command]) => /\bnext\s+dev\b/.test(command)) ?? [];
  return {
    name: nameOfFolder(manifest),
    folder,
    manifest,
    configFile,
    sourceFolder,
    appFolder,
    layoutFile:
      appFolder === undefined ? undefined : first(['tsx', 'jsx', 'js'].map((each) => `${appFolder}/layout.${each}`)),
    proxyFile: first(
      sources.flatMap((source) =>
        ['proxy.ts', 'proxy.js', 'middleware.ts', 'middleware.js'].map((each) => joinPath(source, each)),
      ),
    ),
    proxyName: hasVersion(repository, manifest, 'next', '>=16') ? 'proxy' : 'middleware',
    isTypeScript: repository.has(joinPath(folder, 'tsconfig.json')),
    hasOwnApi: sources.some(
      (source) => hasFolder(joinPath(source, 'app/api')) || hasFolder(joinPath(source, 'pages/api')),
    ),
    script,
    port: portOfNext(script === undefined ? undefined : scripts[script]),
  };
}
