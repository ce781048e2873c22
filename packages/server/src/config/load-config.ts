import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isLoopbackHost } from '@sallyport/core';
import { messageForOperators } from '../message-for-operators.ts';
import { isPreset, type Preset } from '../preset.ts';
import type { Config } from './config-schema.ts';
import { applyRule } from './apply-rule.ts';
import { ConfigurationError, type ConfigurationProblem, type FoundProblems } from './configuration-error.ts';
import type { EnvironmentVariableName } from './environment-table.ts';
import type { Environment, SurveyedEnvironment } from './environment.ts';
import { describeMistake } from './describe-mistake.ts';
import { importConfig } from './import-config.ts';
import { surveyConfig } from './parse-config.ts';
import type { ReadConfig } from './read-as-far-as-possible.ts';
import type { DataPath } from './watch-reads.ts';

/** The checked configuration, and the preset that made it where the file exports one. */
export interface LoadedConfig {
  readonly config: Config;
  readonly preset: Preset | undefined;
  /** The file that it was read from. */
  readonly path: string;
}

/** The names of a configuration file, where none is named. */
const defaultConfigFiles = [
  'sallyport.config.ts',
  'sallyport.config.mts',
  'sallyport.config.mjs',
  'sallyport.config.js',
];

/** What a file says, and everything that is wrong with it. */
export interface SurveyedFile extends Pick<ReadConfig, 'unusable'> {
  /** Absent where the file could not be read. */
  readonly config: Config | undefined;
  readonly preset: Preset | undefined;
  readonly path: string;
  readonly found: FoundProblems;
}

/**
 * Loads `sallyport.config.ts`, `.mts`, `.mjs` or `.js` (or the file that SALLYPORT_CONFIG names) from the working folder.
 *
 * @param read reads the default export of a file; by default by importing it.
 * @throws ConfigurationError with every problem at once; also when there is no file, or more than one.
 */
export async function loadConfig(
  environment: Environment,
  workingFolder: string,
  read: (path: string) => Promise<unknown> = readDefaultExport,
): Promise<LoadedConfig> {
  const { config, preset, path, found } = await surveyFile({ environment, unusable: [] }, workingFolder, read);
  if (config === undefined || found.problems.length > 0) throw ConfigurationError.of([found]);
  return { config, preset, path };
}

/** Looks for everything that is wrong with the configuration file, as {@link loadConfig} does. */
export async function surveyFile(
  { environment, unusable }: Pick<SurveyedEnvironment, 'environment' | 'unusable'>,
  workingFolder: string,
  read: (path: string) => Promise<unknown> = readDefaultExport,
): Promise<SurveyedFile> {
  let path = '';
  try {
    const file = environment.configFile ?? findConfigFile(workingFolder);
    path = resolve(workingFolder, file);
    if (!existsSync(path)) {
      throw new ConfigurationError('environment', [
        { key: 'SALLYPORT_CONFIG', problem: 'names a file that does not exist' },
      ]);
    }
    const exported = await read(path);
    const folder = dirname(path);
    if (isPreset(exported)) return { ...surveyPreset(exported, environment, folder), path };
    const missing = unusable.flatMap((field) => overriddenParts[field] ?? []);
    const { config, problems, ...rest } = surveyConfig(withOverrides(exported, environment), folder, missing);
    return { config, preset: undefined, path, found: { source: file, problems }, ...rest };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return { config: undefined, preset: undefined, path, found: error, unusable: [] };
  }
}

/** Of two files one would be ignored without a word. */
function findConfigFile(workingFolder: string): string {
  const [found, other] = defaultConfigFiles.filter((name) => existsSync(resolve(workingFolder, name)));
  if (found !== undefined && other === undefined) return found;
  const problem =
    found === undefined
      ? 'does not exist: write one (docs/deployment/README.md), or name another file with SALLYPORT_CONFIG'
      : `is not the only one, there is ${other} too: keep one, or name it with SALLYPORT_CONFIG`;
  throw new ConfigurationError('working folder', [{ key: found ?? 'sallyport.config.ts', problem }]);
}

function surveyPreset(preset: Preset, environment: Environment, folder: string): Omit<SurveyedFile, 'path'> {
  const { name } = preset;
  const problems = unusedByPresets(environment).map((key): ConfigurationProblem => ({
    key,
    problem: `has no effect in ${name}, which binds to this machine alone and believes no proxy; remove it, or write a sallyport.config.ts`,
  }));
  if (environment.workers !== undefined && environment.workers !== 1)
    problems.push({
      key: 'SALLYPORT_WORKERS',
      problem: `is for a sallyport.config.ts of yours: ${name} is one process`,
    });
  if (environment.isProduction)
    problems.push({
      key: 'NODE_ENV',
      problem: `is production, and ${name} refuses to run there; write a sallyport.config.ts`,
    });
  const { config, unusable, problems: others } = surveyConfig({ ...preset.configure(environment), workers: 1 }, folder);
  const elsewhere = config === undefined ? [] : applyRule((one) => problemsOfPublicHosts(one, name), config, unusable);
  return { config, preset, unusable, found: { source: name, problems: [...problems, ...others, ...elsewhere] } };
}

/** What a configuration of one's own takes from the environment, and a preset does not. */
function unusedByPresets(environment: Environment): readonly EnvironmentVariableName[] {
  const values = {
    SALLYPORT_LISTEN_HOST: environment.listenHost,
    SALLYPORT_INTERNAL_HOST: environment.internalHost,
    SALLYPORT_ADMIN_HOST: environment.adminHost,
    SALLYPORT_TRUSTED_PROXIES: environment.trustedProxies,
  } satisfies Partial<Record<EnvironmentVariableName, unknown>>;
  return (Object.keys(values) as (keyof typeof values)[]).filter((name) => values[name] !== undefined);
}

/** A client that reaches a preset can read its mail. */
function problemsOfPublicHosts(
  { publicUrl, listen, internal, admin }: Config,
  name: string,
): readonly ConfigurationProblem[] {
  const hosts = {
    publicUrl: new URL(publicUrl).hostname,
    'listen.host': listen.host,
    'internal.host': internal.host,
    'admin.host': admin?.host ?? '127.0.0.1',
  };
  return Object.entries(hosts)
    .filter(([, host]) => !isLoopbackHost(host.toLowerCase()))
    .map(([key]) => ({
      key: key === 'publicUrl' ? 'SALLYPORT_PUBLIC_URL' : key,
      problem: `must be a loopback address in ${name}; write a sallyport.config.ts for any other`,
    }));
}

async function readDefaultExport(path: string): Promise<unknown> {
  const loaded = await importConfig(path).catch(async (error: unknown) => {
    if (messageForOperators(error) !== undefined) throw error;
    const hint = isTakenForCommonJs(error) ? `${moduleHint}\n` : '';
    const problem = `cannot be loaded: ${hint}${await describeMistake(error, path)}`;
    throw new ConfigurationError(path, [{ key: '(file)', problem }]);
  });
  if (typeof loaded === 'object' && loaded !== null && 'default' in loaded) return loaded.default;
  throw new ConfigurationError(path, [
    { key: '(file)', problem: 'must have a default export: export default defineConfig({ … })' },
  ]);
}

const moduleHint =
  'the package.json beside it says "type": "commonjs", so Node takes it for CommonJS. Give it the ending .mts (or .mjs).';

/** Whether Node met `import` or `export` where it expected CommonJS. */
function isTakenForCommonJs(error: unknown): boolean {
  return (
    error instanceof SyntaxError &&
    /Cannot use import statement outside a module|Unexpected token 'export'/.test(error.message)
  );
}

/** What addresses of the environment stand for in the configuration. */
const overriddenParts: Readonly<Partial<Record<keyof Environment, DataPath[]>>> = {
  publicUrl: [['publicUrl']],
  dataDir: [['dataDir']],
  trustedProxies: [['trustedProxies']],
  workers: [['workers']],
  tlsCertFile: [['tls']],
  otlpEndpoint: [['tracing', 'endpoint']],
  listenHost: [['listen', 'host']],
  port: [['listen', 'port']],
  adminHost: [['admin', 'host']],
  adminPort: [['admin', 'port']],
  internalHost: [['internal', 'host']],
  internalPort: [['internal', 'port']],
};

/** Addresses may come from the environment of a deployment; everything else is in the file. The whole is checked after. */
function withOverrides(input: unknown, environment: Environment): unknown {
  if (!isObject(input)) return input;
  const { publicUrl, dataDir, trustedProxies, workers, tlsCertFile, tlsKeyFile } = environment;
  const tls = tlsCertFile === undefined ? undefined : { certFile: tlsCertFile, keyFile: tlsKeyFile };
  return {
    ...input,
    ...given({ publicUrl, dataDir, trustedProxies, workers, tls }),
    ...overridden(input, 'tracing', { endpoint: environment.otlpEndpoint }),
    ...overridden(input, 'listen', { host: environment.listenHost, port: environment.port }),
    ...overridden(input, 'admin', { host: environment.adminHost, port: environment.adminPort }),
    ...overridden(input, 'internal', { host: environment.internalHost, port: environment.internalPort }),
  };
}

function overridden(
  input: Readonly<Record<string, unknown>>,
  key: string,
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const set = given(values);
  const before = input[key] ?? {};
  return Object.keys(set).length === 0 || !isObject(before) ? {} : { [key]: { ...before, ...set } };
}

function given(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
