import { ConfigurationError, type ConfigurationProblem } from './configuration-error.ts';
import {
  isSecretName,
  knownVariableNames,
  type EnvironmentVariableName,
  type SecretName,
  type SecretValues,
} from './environment-table.ts';
import { readSecretFile } from './read-secret-file.ts';

/** What the gateway process takes from its environment: addresses, and secrets wherever they come from. */
export interface Environment {
  readonly isProduction: boolean;
  /** NODE_ENV says so; where it is absent it is unknown. */
  readonly isDevelopment: boolean;
  readonly configFile: string | undefined;
  readonly listenHost: string | undefined;
  readonly port: number | undefined;
  readonly publicUrl: string | undefined;
  readonly dataDir: string | undefined;
  readonly internalHost: string | undefined;
  readonly internalPort: number | undefined;
  /** How many processes serve; checked with the configuration. */
  readonly workers: number | 'auto' | undefined;
  readonly adminHost: string | undefined;
  readonly adminPort: number | undefined;
  /** What callers of the admin listener must know; without one they must come from the machine itself. */
  readonly adminToken: string | undefined;
  /** Addresses or networks, where the configuration file cannot know them. */
  readonly trustedProxies: readonly string[] | undefined;
  readonly tlsCertFile: string | undefined;
  readonly tlsKeyFile: string | undefined;
  readonly secret: string | undefined;
  /** What signs tokens where the configuration says so: one secret, or two with a comma or a line break between. */
  readonly tokenSecret: string | undefined;
  /** Where accounts and records are kept; absent means the embedded database. */
  readonly databaseUrl: string | undefined;
  /** The same database past its pooler. */
  readonly databaseDirectUrl: string | undefined;
  /** Where sessions, counters and invalidations are kept; absent means in this process. */
  readonly redisUrl: string | undefined;
  /** Where traces go, by its usual name. */
  readonly otlpEndpoint: string | undefined;
  readonly smtpUrl: string | undefined;
  readonly smsGatewayUrl: string | undefined;
  readonly smsGatewayToken: string | undefined;
  /** What senders of webhooks sign with: `name=secret`, with blanks or line breaks between. */
  readonly webhookSecrets: string | undefined;
  readonly providerSecrets: string | undefined;
  /** Secrets that came from `secrets.from` of the configuration. */
  readonly fetchedSecrets: readonly SecretName[];
}

type Variables = Readonly<Record<string, string | undefined>>;

/** 128 bits in hexadecimal digits. */
const shortestAdminToken = 32;

/** What the environment says, and everything that is wrong with it. */
export interface SurveyedEnvironment {
  readonly environment: Environment;
  readonly problems: readonly ConfigurationProblem[];
  /** What says nothing, because its variable cannot be used. */
  readonly unusable: readonly (keyof Environment)[];
}

/**
 * Reads the environment of the gateway process.
 *
 * @param fetched secrets that came from elsewhere; `later` as long as they have not come, so that none is missing yet.
 * @throws ConfigurationError that names every bad or unknown `SALLYPORT_…` variable, and none of their values.
 */
export function readEnvironment(variables: Variables, fetched: SecretValues | 'later' = {}): Environment {
  const { environment, problems } = surveyEnvironment(variables, fetched);
  if (problems.length > 0) throw new ConfigurationError('environment', problems);
  return environment;
}

/** Looks for everything that is wrong with the environment, as {@link readEnvironment} does. */
export function surveyEnvironment(variables: Variables, fetched: SecretValues | 'later' = {}): SurveyedEnvironment {
  const problems: ConfigurationProblem[] = [];
  const known = knownVariableNames();
  for (const name of Object.keys(variables)) {
    if (name.startsWith('SALLYPORT_') && !known.has(name)) {
      problems.push({
        key: name,
        problem: 'is not a variable that Sallyport knows; remove it or correct its spelling',
      });
    }
  }
  const elsewhere = fetched === 'later' ? {} : fetched;
  const text = (name: EnvironmentVariableName): string | undefined =>
    isSecretName(name) ? readSecret(variables, name, elsewhere[name], problems) : emptyToUndefined(variables[name]);
  const integer = (name: EnvironmentVariableName, maximum: number): number | undefined => {
    const value = text(name);
    if (value === undefined) return undefined;
    if (/^\d{1,9}$/.test(value) && Number(value) <= maximum) return Number(value);
    problems.push({ key: name, problem: `must be a whole number from 0 to ${maximum}` });
    return undefined;
  };
  const environment: Environment = {
    isProduction: variables['NODE_ENV'] === 'production',
    isDevelopment: ['development', 'test'].includes(variables['NODE_ENV'] ?? ''),
    configFile: text('SALLYPORT_CONFIG'),
    listenHost: text('SALLYPORT_LISTEN_HOST'),
    port: integer('PORT', 65_535),
    publicUrl: text('SALLYPORT_PUBLIC_URL'),
    dataDir: text('SALLYPORT_DATA_DIR'),
    internalHost: text('SALLYPORT_INTERNAL_HOST'),
    internalPort: integer('SALLYPORT_INTERNAL_PORT', 65_535),
    workers: variables['SALLYPORT_WORKERS'] === 'auto' ? 'auto' : integer('SALLYPORT_WORKERS', 256),
    adminHost: text('SALLYPORT_ADMIN_HOST'),
    adminPort: integer('SALLYPORT_ADMIN_PORT', 65_535),
    adminToken: text('SALLYPORT_ADMIN_TOKEN'),
    trustedProxies: listOf(text('SALLYPORT_TRUSTED_PROXIES')),
    tlsCertFile: text('SALLYPORT_TLS_CERT_FILE'),
    tlsKeyFile: text('SALLYPORT_TLS_KEY_FILE'),
    secret: text('SALLYPORT_SECRET'),
    tokenSecret: text('SALLYPORT_TOKEN_SECRET'),
    databaseUrl: text('DATABASE_URL'),
    databaseDirectUrl: text('DATABASE_DIRECT_URL'),
    redisUrl: text('REDIS_URL'),
    otlpEndpoint: text('OTEL_EXPORTER_OTLP_ENDPOINT'),
    smtpUrl: text('SMTP_URL'),
    smsGatewayUrl: text('SMS_GATEWAY_URL'),
    smsGatewayToken: text('SMS_GATEWAY_TOKEN'),
    webhookSecrets: text('SALLYPORT_WEBHOOK_SECRETS'),
    providerSecrets: text('SALLYPORT_PROVIDER_SECRETS'),
    fetchedSecrets: Object.keys(elsewhere).filter(isSecretName),
  };
  if ((environment.tlsCertFile === undefined) !== (environment.tlsKeyFile === undefined)) {
    problems.push({
      key: 'SALLYPORT_TLS_CERT_FILE',
      problem: 'and SALLYPORT_TLS_KEY_FILE go together: set both or neither',
    });
  }
  if (environment.adminToken !== undefined && environment.adminToken.length < shortestAdminToken) {
    problems.push({
      key: 'SALLYPORT_ADMIN_TOKEN',
      problem: `must have ${shortestAdminToken} characters or more; make one with "openssl rand -base64 32"`,
    });
  }
  const isComplete = fetched !== 'later';
  if (
    isComplete &&
    environment.isProduction &&
    environment.databaseUrl !== undefined &&
    environment.secret === undefined
  ) {
    problems.push({
      key: 'SALLYPORT_SECRET',
      problem:
        'is missing: with DATABASE_URL in production every gateway needs the same secret; make one with "openssl rand -base64 32"',
    });
  }
  if (isComplete && environment.databaseDirectUrl !== undefined && environment.databaseUrl === undefined)
    problems.push({ key: 'DATABASE_DIRECT_URL', problem: 'has no effect without DATABASE_URL: set both or neither' });
  const unusable = fieldsOf(problems.map(({ key }) => key));
  return { environment, problems, unusable };
}

/** Where the variables of a deployment stand in {@link Environment}. */
const fields = {
  SALLYPORT_CONFIG: ['configFile'],
  SALLYPORT_LISTEN_HOST: ['listenHost'],
  PORT: ['port'],
  SALLYPORT_PUBLIC_URL: ['publicUrl'],
  SALLYPORT_DATA_DIR: ['dataDir'],
  SALLYPORT_INTERNAL_HOST: ['internalHost'],
  SALLYPORT_INTERNAL_PORT: ['internalPort'],
  SALLYPORT_WORKERS: ['workers'],
  SALLYPORT_ADMIN_HOST: ['adminHost'],
  SALLYPORT_ADMIN_PORT: ['adminPort'],
  SALLYPORT_ADMIN_TOKEN: ['adminToken'],
  SALLYPORT_TRUSTED_PROXIES: ['trustedProxies'],
  // They go together.
  SALLYPORT_TLS_CERT_FILE: ['tlsCertFile', 'tlsKeyFile'],
  SALLYPORT_TLS_KEY_FILE: ['tlsCertFile', 'tlsKeyFile'],
  SALLYPORT_SECRET: ['secret'],
  SALLYPORT_TOKEN_SECRET: ['tokenSecret'],
  DATABASE_URL: ['databaseUrl'],
  DATABASE_DIRECT_URL: ['databaseDirectUrl'],
  REDIS_URL: ['redisUrl'],
  OTEL_EXPORTER_OTLP_ENDPOINT: ['otlpEndpoint'],
  SMTP_URL: ['smtpUrl'],
  SMS_GATEWAY_URL: ['smsGatewayUrl'],
  SMS_GATEWAY_TOKEN: ['smsGatewayToken'],
  SALLYPORT_WEBHOOK_SECRETS: ['webhookSecrets'],
  SALLYPORT_PROVIDER_SECRETS: ['providerSecrets'],
} as const satisfies Readonly<Record<EnvironmentVariableName, readonly (keyof Environment)[]>>;

/** What these variables, or the files that they name, would say. */
export function fieldsOf(variables: readonly string[]): readonly (keyof Environment)[] {
  const names = new Set(variables.flatMap((name) => [name, name.replace(/_FILE$/, '')]));
  return Object.entries(fields).flatMap(([name, said]) => (names.has(name) ? said : []));
}

/** A secret stands in its variable, in the file whose path `NAME_FILE` holds, or came from elsewhere: in one of them. */
function readSecret(
  variables: Variables,
  name: SecretName,
  fetched: string | undefined,
  problems: ConfigurationProblem[],
): string | undefined {
  const value = emptyToUndefined(variables[name]);
  const file = emptyToUndefined(variables[`${name}_FILE`]);
  if (fetched !== undefined && (value ?? file) !== undefined) {
    const set = value === undefined ? `${name}_FILE` : name;
    problems.push({ key: set, problem: `is set, and secrets.from gives ${name} too: keep one` });
    return undefined;
  }
  if (file === undefined) return fetched ?? value;
  if (value !== undefined) {
    problems.push({ key: name, problem: `and ${name}_FILE are both set: keep one` });
    return undefined;
  }
  const found = readSecretFile(file);
  if (found.kind === 'read') return found.text;
  problems.push({ key: `${name}_FILE`, problem: `names a file that ${found.problem}` });
  return undefined;
}

function listOf(text: string | undefined): readonly string[] | undefined {
  return text?.split(',').flatMap((part) => emptyToUndefined(part.trim()) ?? []);
}

function emptyToUndefined(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value;
}
