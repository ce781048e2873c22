import { fetchSecrets } from '../secrets/fetch-secrets.ts';
import { readEnvironment, type Environment } from './environment.ts';
import { loadConfig, type LoadedConfig } from './load-config.ts';

/** Where a deployment is described. */
export interface DeploymentPlace {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly workingFolder: string;
  /** The configuration file, before SALLYPORT_CONFIG. */
  readonly configFile?: string | undefined;
}

/** The configuration of a deployment, its addresses and its secrets. */
export interface Deployment extends LoadedConfig {
  readonly environment: Environment;
  /** Reads addresses and secrets as they are now: the environment, mounted files, and the source of the configuration. */
  readonly readEnvironmentAnew: () => Promise<Environment>;
}

/**
 * Loads the configuration, then the secrets: those of the environment and of mounted files, and those of `secrets.from`.
 *
 * @throws ConfigurationError with every problem of a step at once.
 */
export async function loadDeployment({ variables, workingFolder, configFile }: DeploymentPlace): Promise<Deployment> {
  const named = configFile === undefined ? {} : { configFile };
  const addresses = { ...readEnvironment(variables, 'later'), ...named };
  const loaded = await loadConfig(addresses, workingFolder);
  const { from } = loaded.config.secrets;
  const readEnvironmentAnew = async (): Promise<Environment> => {
    const fetched = from === undefined ? {} : await fetchSecrets(from, { variables, workingFolder });
    return { ...readEnvironment(variables, fetched), ...named };
  };
  return { ...loaded, environment: await readEnvironmentAnew(), readEnvironmentAnew };
}
