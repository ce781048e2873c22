import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { demoConfig } from '../demo/demo-config.ts';
import { messageForOperators } from '../message-for-operators.ts';
import type { Config } from './config-schema.ts';
import { ConfigurationError } from './configuration-error.ts';
import type { Environment } from './environment.ts';
import { parseConfig } from './parse-config.ts';

/** The checked configuration, and whether it is the demonstration's. */
export interface LoadedConfig {
  readonly config: Config;
  readonly isDemo: boolean;
}

const defaultConfigFile = 'sallyport.config.ts';

/**
 * Loads `sallyport.config.ts` (or the file that SALLYPORT_CONFIG names) from the working folder; without one, demo mode.
 *
 * @param read how the default export of a file is read.
 * @throws ConfigurationError with every problem at once.
 */
export async function loadConfig(
  environment: Environment,
  workingFolder: string,
  read: (path: string) => Promise<unknown> = readDefaultExport,
): Promise<LoadedConfig> {
  const path = resolve(workingFolder, environment.configFile ?? defaultConfigFile);
  if (!existsSync(path)) {
    if (environment.configFile !== undefined) {
      throw new ConfigurationError('environment', [
        { key: 'SALLYPORT_CONFIG', problem: 'names a file that does not exist' },
      ]);
    }
    return { config: parseConfig(demoConfig(environment), 'demo mode'), isDemo: true };
  }
  const input = withOverrides(await read(path), environment);
  return { config: parseConfig(input, environment.configFile ?? defaultConfigFile), isDemo: false };
}

async function readDefaultExport(path: string): Promise<unknown> {
  const loaded: unknown = await import(pathToFileURL(path).href).catch((error: unknown) => {
    if (messageForOperators(error) !== undefined) throw error;
    // A mistake in the file: only the stack says where.
    const problem = `cannot be loaded: ${error instanceof Error ? (error.stack ?? error.message) : 'it throws'}`;
    throw new ConfigurationError(path, [{ key: '(file)', problem }]);
  });
  if (typeof loaded === 'object' && loaded !== null && 'default' in loaded) return loaded.default;
  throw new ConfigurationError(path, [
    { key: '(file)', problem: 'must have a default export: export default defineConfig({ … })' },
  ]);
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
