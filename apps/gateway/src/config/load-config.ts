import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { demoConfig } from '../demo/demo-config.ts';
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
 * @throws ConfigurationError with every problem at once.
 */
export async function loadConfig(environment: Environment, workingFolder: string): Promise<LoadedConfig> {
  const path = resolve(workingFolder, environment.configFile ?? defaultConfigFile);
  if (!existsSync(path)) {
    if (environment.configFile !== undefined) {
      throw new ConfigurationError('environment', [
        { key: 'SALLYPORT_CONFIG', problem: 'names a file that does not exist' },
      ]);
    }
    return { config: parseConfig(demoConfig(environment), 'demo mode'), isDemo: true };
  }
  const config = parseConfig(await readDefaultExport(path), environment.configFile ?? defaultConfigFile);
  return { config: withOverrides(config, environment), isDemo: false };
}

async function readDefaultExport(path: string): Promise<unknown> {
  const loaded: unknown = await import(pathToFileURL(path).href);
  if (typeof loaded === 'object' && loaded !== null && 'default' in loaded) return loaded.default;
  throw new ConfigurationError(path, [
    { key: '(file)', problem: 'must have a default export: export default defineConfig({ … })' },
  ]);
}

/** Addresses may come from the environment of a deployment; everything else is in the file. */
function withOverrides(config: Config, environment: Environment): Config {
  return {
    ...config,
    dataDir: environment.dataDir ?? config.dataDir,
    listen: { ...config.listen, port: environment.port ?? config.listen.port },
    internal: { ...config.internal, port: environment.internalPort ?? config.internal.port },
  };
}
