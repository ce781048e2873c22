import path from 'node:path';
import type { Program } from '@babel/types';
import { hasOpenController } from '../edits/edit-controllers.ts';
import { nameOfKey, walk } from '../source/nodes.ts';
import { parseSource } from '../source/parse-source.ts';
import { findGlobalPrefix } from '../source/find-global-prefix.ts';
import { findGetRoute } from './find-get-route.ts';
import { portOfNest, type AppPort } from './app-port.ts';
import { nameOfFolder, type PackageFolder } from './manifests.ts';
import { folderOf, isWithin, joinPath, type Repository } from './repository.ts';

/** A Nest application. */
export interface NestService {
  readonly name: string;
  /** Folder that it is started in. */
  readonly folder: string;
  readonly manifest: PackageFolder;
  readonly mainFile: string;
  /** The module that it is created from; `undefined` when that is not a class of a file of its own. */
  readonly appModule: { readonly file: string; readonly className: string } | undefined;
  /** Of `setGlobalPrefix`, without slashes around it. */
  readonly globalPrefix: string | undefined;
  /** Files with controllers that declare no access. */
  readonly openControllers: readonly string[];
  /** Path of a GET handler without parameters, below the prefix, without slashes around it. */
  readonly exampleRoute: string | undefined;
  readonly port: AppPort | undefined;
  /** Arguments of the command that runs it while people develop: a script, or `nest start` of a project. */
  readonly run: { readonly script: string } | { readonly project: string } | undefined;
}

/** A place where an application may begin. */
interface Candidate {
  readonly name: string;
  readonly manifest: PackageFolder;
  readonly mainFile: string;
  readonly sourceFolder: string;
  readonly project: string | undefined;
}

/** Finds the Nest applications of a repository, those of a Nest workspace (`nest-cli.json` with projects) as well. */
export function findNestServices(repository: Repository, packages: readonly PackageFolder[]): readonly NestService[] {
  return packages
    .filter(({ dependencies }) => dependencies.has('@nestjs/core'))
    .flatMap((manifest) => findCandidates(repository, manifest))
    .flatMap((candidate) => {
      const service = describe(repository, candidate);
      return service === undefined ? [] : [service];
    });
}

function findCandidates(repository: Repository, manifest: PackageFolder): readonly Candidate[] {
  const { folder } = manifest;
  const settings = readJson(repository.read(joinPath(folder, 'nest-cli.json')));
  const projects = Object.entries(recordOf(settings['projects'])).filter(
    ([, project]) => recordOf(project)['type'] === 'application',
  );
  const candidate = (
    each: Readonly<Record<string, unknown>>,
    found: string,
    project: string | undefined,
  ): Candidate => {
    const sourceFolder = joinPath(folder, textOf(each['sourceRoot']) ?? 'src');
    const mainFile = joinPath(sourceFolder, `${textOf(each['entryFile']) ?? 'main'}.ts`);
    return { name: found, manifest, mainFile, sourceFolder, project };
  };
  if (projects.length > 0)
    return projects.map(([project, each]) => candidate(recordOf(each), path.posix.basename(project), project));
  return [candidate(settings, nameOfFolder(manifest), undefined)];
}

function describe(repository: Repository, candidate: Candidate): NestService | undefined {
  const { name, manifest, mainFile, sourceFolder, project } = candidate;
  const text = repository.read(mainFile);
  if (text === undefined) return undefined;
  const program = parseSource(text, mainFile);
  const sources = repository.files.filter(
    (file) => isWithin(sourceFolder, file) && /(?<!\.(?:spec|test|e2e-spec|d))\.ts$/.test(file),
  );
  const environmentFiles = [manifest.folder, '']
    .flatMap((folder) => ['.env.local', '.env.development', '.env'].map((each) => joinPath(folder, each)))
    .flatMap((file) => repository.read(file) ?? []);
  return {
    name,
    folder: manifest.folder,
    manifest,
    mainFile,
    appModule: findAppModule(repository, program, mainFile),
    globalPrefix: findGlobalPrefix(program)?.literal,
    openControllers: sources.filter((file) => hasOpenController(repository.read(file) ?? '', file)),
    exampleRoute: sources
      .map((file) => findGetRoute(repository.read(file) ?? '', file))
      .find((route) => route !== undefined),
    port: portOfNest(program, environmentFiles),
    run: findRun(manifest, project),
  };
}

function findRun({ scripts }: PackageFolder, project: string | undefined): NestService['run'] {
  if (project !== undefined) return { project };
  const script = ['start:dev', 'dev', 'start'].find((each) => scripts[each] !== undefined);
  return script === undefined ? undefined : { script };
}

/** `NestFactory.create(AppModule)`, where `AppModule` comes from a file beside it. */
function findAppModule(repository: Repository, program: Program, mainFile: string): NestService['appModule'] {
  for (const node of walk(program)) {
    if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') continue;
    const { object, property } = node.callee;
    if (object.type !== 'Identifier' || object.name !== 'NestFactory' || nameOfKey(property) !== 'create') continue;
    const [first] = node.arguments;
    // AppModule, or AppModule.register(…).
    const isCall = first?.type === 'CallExpression' && first.callee.type === 'MemberExpression';
    const named = isCall && first.callee.type === 'MemberExpression' ? first.callee.object : first;
    if (named?.type !== 'Identifier') return undefined;
    return findImported(repository, program, mainFile, named.name);
  }
  return undefined;
}

function findImported(
  repository: Repository,
  program: Program,
  mainFile: string,
  local: string,
): NestService['appModule'] {
  for (const statement of program.body) {
    if (statement.type !== 'ImportDeclaration' || !statement.source.value.startsWith('.')) continue;
    const specifier = statement.specifiers.find((each) => each.local.name === local);
    if (specifier?.type !== 'ImportSpecifier') continue;
    const target = joinPath(folderOf(mainFile), statement.source.value);
    const file = [`${target}.ts`, target.replace(/\.js$/, '.ts'), target, joinPath(target, 'index.ts')].find(
      (each) => each.endsWith('.ts') && repository.has(each),
    );
    const className = nameOfKey(specifier.imported);
    return file === undefined || className === undefined ? undefined : { file, className };
  }
  return undefined;
}

function readJson(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    // Nest's own reader takes comments as well.
    return recordOf(JSON.parse((text ?? '{}').replaceAll(/^\s*\/\/.*$/gm, '')));
  } catch {
    return {};
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
