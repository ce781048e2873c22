/** A variable that a gateway and the command line take from their environment. */
export interface EnvironmentVariable {
  /** One line of the reference page. */
  readonly meaning: string;
  /** A secret may be mounted as a file instead, whose path `NAME_FILE` holds; this is what the page says of that one. */
  readonly file?: string;
}

/**
 * All of them, in the order of the reference page: secrets and addresses. A variable that begins with `SALLYPORT_` and is
 * neither here nor in `variablesOfApplications` stops the start.
 */
export const environmentTable = {
  PORT: { meaning: 'Port of the public listener' },
  SALLYPORT_CONFIG: {
    meaning: 'Path of the configuration file; absent means sallyport.config.ts in the working folder',
  },
  SALLYPORT_PUBLIC_URL: { meaning: 'Origin that the browser sees' },
  SALLYPORT_DATA_DIR: { meaning: 'Folder of the embedded database and of generated secrets' },
  SALLYPORT_LISTEN_HOST: { meaning: 'Address on which the public listener binds' },
  SALLYPORT_INTERNAL_HOST: { meaning: 'Address on which the internal listener binds' },
  SALLYPORT_INTERNAL_PORT: { meaning: 'Port of the internal listener, for zones and services' },
  SALLYPORT_WORKERS: { meaning: 'Processes that serve on this machine, or auto; instead of workers' },
  SALLYPORT_ADMIN_HOST: { meaning: 'Address on which the admin listener binds' },
  SALLYPORT_ADMIN_PORT: { meaning: 'Port of the admin listener; switches it on where the configuration has none' },
  SALLYPORT_ADMIN_TOKEN: {
    meaning:
      'What callers of the admin listener send as a bearer token; needed where it binds to anything but loopback',
    file: 'File that holds the token of the admin listener, instead of SALLYPORT_ADMIN_TOKEN',
  },
  SALLYPORT_TRUSTED_PROXIES: {
    meaning: 'Addresses or networks of proxies in front, with commas between; instead of trustedProxies',
  },
  SALLYPORT_TLS_CERT_FILE: { meaning: 'PEM file of the certificate chain; together with the next one' },
  SALLYPORT_TLS_KEY_FILE: { meaning: 'PEM file of the private key' },
  SALLYPORT_SECRET: {
    meaning: 'Root secret, from which the others are derived; absent means one generated into the data folder',
    file: 'File that holds the root secret, instead of SALLYPORT_SECRET',
  },
  SALLYPORT_TOKEN_SECRET: {
    meaning:
      'What tokens are signed with where tokens.signWithSharedSecretInsteadOfKeyPairs is set, and only there: one secret, or two with a comma between, of which the first signs',
    file: 'File that holds that secret, or two on a line each, instead of SALLYPORT_TOKEN_SECRET',
  },
  DATABASE_URL: {
    meaning:
      'Database of accounts and records: postgres://… or mongodb://…; absent means the embedded SQLite in the data folder',
    file: 'File that holds the address of the database, instead of DATABASE_URL',
  },
  DATABASE_DIRECT_URL: {
    meaning:
      'The same PostgreSQL past a pooler such as PgBouncer, for migrations and, without Redis, for the lock of the one gateway; absent means DATABASE_URL',
    file: 'File that holds that address, instead of DATABASE_DIRECT_URL',
  },
  REDIS_URL: {
    meaning: 'Redis for sessions, counters and invalidations; absent means in process, for one gateway only',
    file: 'File that holds the address of Redis, instead of REDIS_URL',
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    meaning: 'Base address of an OTLP/HTTP collector for traces; OTEL_EXPORTER_OTLP_HEADERS goes along, as everywhere',
  },
  SMTP_URL: {
    meaning: 'Mail server, such as smtps://user:password@mail.example.com',
    file: 'File that holds the address of the mail server, instead of SMTP_URL',
  },
  SMS_GATEWAY_URL: {
    meaning: 'Address of an SMS gateway that takes one message per POST',
    file: 'File that holds the address of the SMS gateway, instead of SMS_GATEWAY_URL',
  },
  SMS_GATEWAY_TOKEN: {
    meaning: 'The secret that the SMS gateway asks for',
    file: 'File that holds the secret for the SMS gateway, instead of SMS_GATEWAY_TOKEN',
  },
  SALLYPORT_WEBHOOK_SECRETS: {
    meaning:
      'What senders of webhooks sign with, for routes with webhook: name=secret, with blanks between; a name that comes twice has two secrets, for rotation',
    file: 'File that holds these secrets, one on a line, instead of SALLYPORT_WEBHOOK_SECRETS',
  },
  SALLYPORT_PROVIDER_SECRETS: {
    meaning:
      'What identity providers know this deployment by, for signInProviders: name=secret, with blanks between; a private key is the base64 text of its PKCS #8 form',
    file: 'File that holds these secrets, one on a line, instead of SALLYPORT_PROVIDER_SECRETS',
  },
} as const satisfies Readonly<Record<string, EnvironmentVariable>>;

export type EnvironmentVariableName = keyof typeof environmentTable;

/** What applications and services read (`@sallyport/nextjs`, examples), where one environment is shared with them. */
export const variablesOfApplications: readonly string[] = ['SALLYPORT_AUDIENCE', 'SALLYPORT_INTERNAL_URL'];

type Table = typeof environmentTable;

/** A variable that holds a secret: it may be in a mounted file, or come from a command or an address instead. */
export type SecretName = {
  [Name in EnvironmentVariableName]: Table[Name] extends { readonly file: string } ? Name : never;
}[EnvironmentVariableName];

/** Secrets by the names of their environment variables, wherever they come from. */
export type SecretValues = Readonly<Partial<Record<SecretName, string>>>;

/** Whether a variable holds a secret. */
export function isSecretName(name: string): name is SecretName {
  return Object.hasOwn(environmentTable, name) && 'file' in environmentTable[name as EnvironmentVariableName];
}

/** The names of all secrets. */
export const secretNames: readonly SecretName[] = Object.keys(environmentTable).filter(isSecretName);

/** Every name that may be set, those of mounted files with them. */
export function knownVariableNames(): ReadonlySet<string> {
  const names = Object.entries(environmentTable).flatMap(([name, variable]) =>
    'file' in variable ? [name, `${name}_FILE`] : [name],
  );
  return new Set([...names, ...variablesOfApplications]);
}
