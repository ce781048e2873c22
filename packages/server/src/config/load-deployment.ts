import { withHint } from '../checks/require-checks.ts';
import type { StartCheck } from '../checks/start-context.ts';
import { fetchSecrets } from '../secrets/fetch-secrets.ts';
import { ConfigurationError, type ConfigurationProblem, type FoundProblems } from './configuration-error.ts';
import { secretNames } from './environment-table.ts';
import {
  fieldsOf,
  readEnvironment,
  surveyEnvironment,
  type Environment,
  type SurveyedEnvironment,
} from './environment.ts';
import { surveyFile, type LoadedConfig, type SurveyedFile } from './load-config.ts';
import { watchReads } from './watch-reads.ts';

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
 * @param checks what else is looked for when something is wrong, so that one message names all of it. What can only be judged
 *   by something that is wrong itself is left out. They are not run when all is well.
 * @throws ConfigurationError with every problem at once.
 */
export async function loadDeployment(place: DeploymentPlace, checks: readonly StartCheck[] = []): Promise<Deployment> {
  const { variables, workingFolder, configFile } = place;
  const named = configFile === undefined ? {} : { configFile };
  const addresses = withNamed(surveyEnvironment(variables, 'later'), named);
  const file = await surveyFile(addresses, workingFolder);
  const readEnvironmentAnew = async (): Promise<Environment> => ({
    ...readEnvironment(variables, await fetchFrom(file, place)),
    ...named,
  });

  const secrets = await surveySecrets(file, place);
  const whole =
    secrets.values === undefined ? addresses : withNamed(surveyEnvironment(variables, secrets.values), named);
  const { environment } = whole;
  const { config, preset, path } = file;
  const found: FoundProblems[] = [{ source: 'environment', problems: whole.problems }, file.found, secrets.found];
  if (config !== undefined && found.every(({ problems }) => problems.length === 0))
    return { config, preset, path, environment, readEnvironmentAnew };
  // Of those that were to come from elsewhere nothing can be said.
  const absent = secretNames.filter((name) => [name, `${name}_FILE`].every((each) => (variables[each] ?? '') === ''));
  const unread = secrets.values === undefined && file.config?.secrets.from !== undefined ? fieldsOf(absent) : [];
  const surveyed = { environment, unusable: [...whole.unusable, ...unread] };
  throw ConfigurationError.of([...found, { source: 'start', problems: await checkFurther(checks, file, surveyed) }]);
}

function withNamed(survey: SurveyedEnvironment, named: Pick<DeploymentPlace, 'configFile'>): SurveyedEnvironment {
  return { ...survey, environment: { ...survey.environment, ...named } };
}

interface SurveyedSecrets {
  /** Absent where they could not be had. */
  readonly values: Awaited<ReturnType<typeof fetchSecrets>> | undefined;
  readonly found: FoundProblems;
}

async function surveySecrets(file: SurveyedFile, place: DeploymentPlace): Promise<SurveyedSecrets> {
  const isKnown = file.config !== undefined && !file.unusable.some(([key]) => key === 'secrets');
  if (!isKnown) return { values: undefined, found: { source: 'secrets', problems: [] } };
  try {
    return { values: await fetchFrom(file, place), found: { source: 'secrets', problems: [] } };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return { values: undefined, found: error };
  }
}

async function fetchFrom(
  { config }: SurveyedFile,
  place: DeploymentPlace,
): Promise<SurveyedSecrets['values'] & object> {
  const from = config?.secrets.from;
  return from === undefined ? {} : fetchSecrets(from, place);
}

/** Runs checks on what could be read. What one finds counts only when it looked at nothing else. */
async function checkFurther(
  checks: readonly StartCheck[],
  { config, preset, unusable }: SurveyedFile,
  surveyed: Pick<SurveyedEnvironment, 'environment' | 'unusable'>,
): Promise<readonly ConfigurationProblem[]> {
  if (config === undefined) return [];
  const problems: ConfigurationProblem[] = [];
  for (const { name, run } of checks) {
    const watched = watchReads(config, unusable);
    const environment = watchReads(
      surveyed.environment,
      surveyed.unusable.map((field) => [field]),
    );
    const isTouched = (): boolean => watched.isTouched() || environment.isTouched();
    try {
      const found = await run({ config: watched.data, environment: environment.data, preset });
      if (isTouched()) continue;
      const failures = found.filter(({ kind }) => kind === 'failure');
      problems.push(...failures.map((failure) => ({ key: failure.key ?? name, problem: withHint(failure) })));
    } catch (error) {
      if (!isTouched()) throw error;
    }
  }
  return problems;
}
