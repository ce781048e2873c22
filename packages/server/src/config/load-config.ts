import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isLoopbackHost } from '@sallyport/core';
import { messageForOperators } from '../message-for-operators.ts';
import { isPreset, type Preset } from '../preset.ts';
import type { Config } from './config-schema.ts';
import { ConfigurationError, type ConfigurationProblem } from './configuration-error.ts';
import type { EnvironmentVariableName } from './environment-table.ts';
import type { Environment } from './environment.ts';
import { describeMistake } from './describe-mistake.ts';
import { importConfig } from './import-config.ts';
import { parseConfig } from './parse-config.ts';

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
  const file = environment.configFile ?? findConfigFile(workingFolder);
  const path = resolve(workingFolder, file);
  if (!existsSync(path)) {
    throw new ConfigurationError('environment', [
      { key: 'SALLYPORT_CONFIG', problem: 'names a file that does not exist' },
    ]);
  }
  const exported = await read(path);
  const folder = dirname(path);
  if (isPreset(exported)) return { config: configurePreset(exported, environment, folder), preset: exported, path };
  const input = withOverrides(exported, environment);
  return { config: parseConfig(input, file, folder), preset: undefined, path };
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

function configurePreset(preset: Preset, environment: Environment, folder: string): Config {
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
  if (problems.length > 0) throw new ConfigurationError(name, problems);
  const config = parseConfig({ ...preset.configure(environment), workers: 1 }, name, folder);
  requireLoopback(config, name);
  return config;
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
function requireLoopback({ publicUrl, listen, internal, admin }: Config, name: string): void {
  const hosts = {
    publicUrl: new URL(publicUrl).hostname,
    'listen.host': listen.host,
    'internal.host': internal.host,
    'admin.host': admin?.host ?? '127.0.0.1',
  };
  const problems = Object.entries(hosts)
    .filter(([, host]) => !isLoopbackHost(host.toLowerCase()))
    .map(([key]) => ({
      key: key === 'publicUrl' ? 'SALLYPORT_PUBLIC_URL' : key,
      problem: `must be a loopback address in ${name}; write a sallyport.config.ts for any other`,
    }));
  if (problems.length > 0) throw new ConfigurationError(name, problems);
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
