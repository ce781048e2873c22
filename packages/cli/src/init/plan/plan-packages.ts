import path from 'node:path';
import { exitCodes, UsageError } from '@sallyport/core';
import { isMap, parseDocument } from 'yaml';
import { editManifest, type ManifestAddition } from '../edits/edit-manifest.ts';
import { broughtAlong, type InstalledPackage } from '../repository/our-packages.ts';
import { installFolderOf } from '../repository/package-manager.ts';
import { joinPath } from '../repository/repository.ts';
import type { Survey } from '../repository/survey.ts';
import type { Tarballs } from '../repository/tarballs.ts';
import { chooseScript, hasScript, scriptCommand } from './development-script.ts';
import type { FileChanges } from './file-changes.ts';

/** A package that a folder is to depend on. */
interface Wanted {
  readonly folder: string;
  readonly name: InstalledPackage;
}

/** Adds dependencies, and the script, to the manifests. @throws UsageError when it is not known where packages come from. */
export function planPackages(survey: Survey, tarballs: Tarballs | undefined, changes: FileChanges): void {
  const wanted: readonly Wanted[] = [
    { folder: '', name: 'sallyport' },
    { folder: survey.next.manifest.folder, name: '@sallyport/nextjs' },
    ...survey.services.map(({ manifest }) => ({ folder: manifest.folder, name: '@sallyport/nestjs' as const })),
  ];
  const missing = wanted.filter(({ folder, name }) => !dependsOn(survey, folder, name));
  if (missing.length > 0 && tarballs === undefined)
    throw new UsageError(
      [
        'The packages of Sallyport are not published yet. In a clone of its repository, "npm ci && npm run pack -- <folder>" writes their tarballs.',
        'Then run this again with --packages <folder>. Nothing was changed.',
      ].join('\n'),
      exitCodes.refused,
    );
  for (const { folder, name } of missing)
    add(survey, changes, folder, { dependencies: { [name]: specOf(tarballs, name, folder) } });
  const script = chooseScript(survey);
  if (!hasScript(survey, script)) add(survey, changes, '', { scripts: { [script]: scriptCommand } });
  if (tarballs !== undefined) replaceInner(survey, tarballs, wanted, changes);
}

/** Packages that come with others are asked for by version, and no registry has them: each install is told of the files. */
function replaceInner(survey: Survey, tarballs: Tarballs, wanted: readonly Wanted[], changes: FileChanges): void {
  const { manager } = survey;
  const byInstall = Map.groupBy(wanted, ({ folder }) => installFolderOf(manager, folder));
  for (const [folder, packages] of byInstall) {
    const names = [...new Set(packages.flatMap(({ name }) => broughtAlong[name]))].sort();
    const entries = Object.fromEntries(
      names.map((name) => [`@sallyport/${name}`, specOf(tarballs, `@sallyport/${name}`, folder)]),
    );
    const hasGateway = packages.some(({ name }) => name === 'sallyport');
    if (manager.name === 'pnpm') {
      setInWorkspace(changes, folder, { overrides: entries, allowBuilds: hasGateway ? decidedBuilds : {} });
    } else {
      const key = manager.name === 'npm' ? 'overrides' : 'resolutions';
      add(survey, changes, folder, { replacements: { key, entries } });
      if (hasGateway) add(survey, changes, folder, { scriptPolicy: scriptPolicies[manager.name] });
    }
  }
}

/**
 * What packages of a gateway run when they are installed, and whether they may: nothing. bcrypt comes compiled. pnpm fails
 * until it is said of every script, npm with `strict-allow-scripts`; older ones of npm and Yarn would run it unasked.
 */
const decidedBuilds = { bcrypt: false };

const scriptPolicies = {
  npm: { key: 'allowScripts', entries: decidedBuilds },
  yarn: {
    key: 'dependenciesMeta',
    entries: Object.fromEntries(Object.entries(decidedBuilds).map(([name, built]) => [name, { built }])),
  },
} as const satisfies Readonly<Record<string, ManifestAddition['scriptPolicy']>>;

type WorkspaceSettings = Readonly<Record<string, Readonly<Record<string, string | boolean>>>>;

/** Adds to the settings of a workspace of pnpm what is not there yet. */
function setInWorkspace(changes: FileChanges, folder: string, settings: WorkspaceSettings): void {
  const file = joinPath(folder, 'pnpm-workspace.yaml');
  const text = changes.read(file) ?? '';
  const document = parseDocument(text);
  if (document.errors.length > 0 || (document.contents !== null && !isMap(document.contents)))
    throw new UsageError(
      `${file} cannot be read: it is no YAML that pnpm takes. Nothing was changed.`,
      exitCodes.refused,
    );
  const missing = Object.entries(settings)
    .flatMap(([key, entries]) => Object.entries(entries).map(([name, value]) => ({ path: [key, name], value })))
    .filter(({ path: place }) => !document.hasIn(place));
  for (const { path: place, value } of missing) document.setIn(place, value);
  if (missing.length > 0) changes.write(file, document.toString({ lineWidth: 0 }));
}

function add(survey: Survey, changes: FileChanges, folder: string, addition: ManifestAddition): void {
  const file = joinPath(folder, 'package.json');
  const text = changes.read(file) ?? `${JSON.stringify({ name: nameOfRoot(survey), private: true }, null, 2)}\n`;
  // It was read before, or was written here.
  const manifest = JSON.parse(text.replace(/^\ufeff/, '')) as Readonly<Record<string, unknown>>;
  changes.write(file, editManifest({ text, manifest }, addition));
}

function dependsOn({ packages }: Survey, folder: string, name: string): boolean {
  return packages.find((each) => each.folder === folder)?.dependencies.has(name) === true;
}

function specOf(tarballs: Tarballs | undefined, name: string, folder: string): string {
  const file = tarballs?.files.get(name);
  if (tarballs === undefined || file === undefined) throw new TypeError(`there is no tarball of ${name}`);
  const relative = path.posix.relative(folder, joinPath(tarballs.folder, file));
  return `file:${relative.startsWith('../') ? relative : `./${relative}`}`;
}

function nameOfRoot({ repository }: Survey): string {
  const name = path
    .basename(repository.root)
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-');
  return name === '' || name === 'sallyport' ? 'repository' : name;
}
