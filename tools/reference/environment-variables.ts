import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { workspaceRoot } from '../workspace-root.ts';

/** What the environment of the gateway process may hold: secrets and addresses, nothing else. */
const meanings: Readonly<Record<string, string>> = {
  PORT: 'Port of the public listener',
  SALLYPORT_CONFIG: 'Path of the configuration file; absent means sallyport.config.ts in the working folder',
  SALLYPORT_PUBLIC_URL: 'Origin that the browser sees',
  SALLYPORT_DATA_DIR: 'Folder of the embedded database and of generated secrets',
  SALLYPORT_LISTEN_HOST: 'Address on which the public listener binds',
  SALLYPORT_INTERNAL_HOST: 'Address on which the internal listener binds',
  SALLYPORT_INTERNAL_PORT: 'Port of the internal listener, for zones and services',
  SALLYPORT_WORKERS: 'Processes that serve on this machine, or auto; instead of workers',
  SALLYPORT_ADMIN_HOST: 'Address on which the admin listener binds',
  SALLYPORT_ADMIN_PORT: 'Port of the admin listener; switches it on where the configuration has none',
  SALLYPORT_ADMIN_TOKEN:
    'What callers of the admin listener send as a bearer token; needed where it binds to anything but loopback',
  SALLYPORT_ADMIN_TOKEN_FILE: 'File that holds the token of the admin listener, instead of SALLYPORT_ADMIN_TOKEN',
  SALLYPORT_TRUSTED_PROXIES:
    'Addresses or networks of proxies in front, with commas between; instead of trustedProxies',
  SALLYPORT_TLS_CERT_FILE: 'PEM file of the certificate chain; together with the next one',
  SALLYPORT_TLS_KEY_FILE: 'PEM file of the private key',
  SALLYPORT_SECRET: 'Root secret, from which the others are derived; absent means one generated into the data folder',
  SALLYPORT_SECRET_FILE: 'File that holds the root secret, instead of SALLYPORT_SECRET',
  SALLYPORT_TOKEN_SECRET:
    'What tokens are signed with where tokens.signWithSharedSecretInsteadOfKeyPairs is set, and only there: one secret, or two with a comma between, of which the first signs',
  SALLYPORT_TOKEN_SECRET_FILE: 'File that holds that secret, or two on a line each, instead of SALLYPORT_TOKEN_SECRET',
  DATABASE_URL:
    'Database of accounts and records: postgres://… or mongodb://…; absent means the embedded SQLite in the data folder',
  DATABASE_URL_FILE: 'File that holds the address of the database, instead of DATABASE_URL',
  REDIS_URL: 'Redis for sessions, counters and invalidations; absent means in process, for one gateway only',
  REDIS_URL_FILE: 'File that holds the address of Redis, instead of REDIS_URL',
  OTEL_EXPORTER_OTLP_ENDPOINT:
    'Base address of an OTLP/HTTP collector for traces; OTEL_EXPORTER_OTLP_HEADERS goes along, as everywhere',
  SMTP_URL: 'Mail server, such as smtps://user:password@mail.example.com',
  SMTP_URL_FILE: 'File that holds the address of the mail server, instead of SMTP_URL',
  SMS_GATEWAY_URL: 'Address of an SMS gateway that takes one message per POST',
  SMS_GATEWAY_URL_FILE: 'File that holds the address of the SMS gateway, instead of SMS_GATEWAY_URL',
  SMS_GATEWAY_TOKEN: 'The secret that the SMS gateway asks for',
  SMS_GATEWAY_TOKEN_FILE: 'File that holds the secret for the SMS gateway, instead of SMS_GATEWAY_TOKEN',
};

/**
 * Lists the variables that the gateway process reads, with their meaning.
 *
 * @throws Error when the process reads a variable that has no meaning here, or the other way round.
 */
export async function describeEnvironmentVariables(): Promise<readonly (readonly [name: string, meaning: string])[]> {
  const source = await readFile(path.join(workspaceRoot, 'packages/server/src/config/environment.ts'), 'utf8');
  const foreign = new Set(['SALLYPORT_AUDIENCE']);
  const used = new Set(
    [...source.matchAll(/'((?:SALLYPORT|SMTP|SMS|DATABASE|REDIS|OTEL)_[A-Z_]*[A-Z]|PORT)'/g)].flatMap(
      ([, name = '']) => (foreign.has(name) ? [] : [name]),
    ),
  );
  const undescribed = [...used].filter((name) => meanings[name] === undefined);
  const unused = Object.keys(meanings).filter((name) => !used.has(name) && !used.has(name.replace(/_FILE$/, '')));
  if (undescribed.length + unused.length > 0) {
    throw new Error(
      `tools/reference/environment-variables.ts: describe ${undescribed.join()}; remove ${unused.join()}`,
    );
  }
  return Object.entries(meanings);
}
