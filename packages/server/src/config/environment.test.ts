import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from './configuration-error.ts';
import { environmentTable, variablesOfApplications, type EnvironmentVariable } from './environment-table.ts';
import { readEnvironment } from './environment.ts';

describe('the environment', () => {
  it.each([
    { name: 'a misspelt variable', variables: { SALLYPORT_SECRT: 'canary' }, key: 'SALLYPORT_SECRT' },
    { name: 'a port that is not a number', variables: { PORT: 'canary' }, key: 'PORT' },
    { name: 'a port out of range', variables: { PORT: '70000' }, key: 'PORT' },
    { name: 'a negative port', variables: { SALLYPORT_INTERNAL_PORT: '-1' }, key: 'SALLYPORT_INTERNAL_PORT' },
    {
      name: 'a secret given twice',
      variables: { SALLYPORT_SECRET: 'canary', SALLYPORT_SECRET_FILE: '/canary' },
      key: 'SALLYPORT_SECRET',
    },
    { name: 'a secret file that is missing', variables: { SMTP_URL_FILE: '/nowhere/canary' }, key: 'SMTP_URL_FILE' },
    {
      name: 'a Redis given twice',
      variables: { REDIS_URL: 'redis://:canary@redis', REDIS_URL_FILE: '/canary' },
      key: 'REDIS_URL',
    },
    {
      name: 'an external database in production and no secret',
      variables: { NODE_ENV: 'production', DATABASE_URL: 'postgres://u:canary@db/sallyport' },
      key: 'SALLYPORT_SECRET',
    },
    {
      name: 'a database given twice',
      variables: { DATABASE_URL: 'postgres://u:canary@db/sallyport', DATABASE_URL_FILE: '/canary' },
      key: 'DATABASE_URL',
    },
    {
      name: 'a certificate without its key',
      variables: { SALLYPORT_TLS_CERT_FILE: 'canary' },
      key: 'SALLYPORT_TLS_CERT_FILE',
    },
  ])('with $name stops the start, names the key and not the value', ({ variables, key }) => {
    const read = (): unknown => readEnvironment(variables);
    expect(read).toThrow(ConfigurationError);
    expect(read).toThrow(key);
    expect(read).not.toThrow(/canary/);
  });

  it.each([
    { name: 'in the environment', variables: { SMTP_URL: 'smtp://canary' }, key: 'SMTP_URL +is set' },
    { name: 'in a file', variables: { SMTP_URL_FILE: '/nowhere/canary' }, key: 'SMTP_URL_FILE +is set' },
  ])('with a secret $name and from elsewhere stops the start', ({ variables, key }) => {
    const read = (): unknown => readEnvironment(variables, { SMTP_URL: 'smtp://canary' });
    expect(read).toThrow(new RegExp(key));
    expect(read).not.toThrow(/canary/);
  });

  it('misses no secret as long as those from elsewhere have not come', () => {
    const variables = { NODE_ENV: 'production', DATABASE_URL: 'postgres://db/sallyport' };
    expect(() => readEnvironment(variables, 'later')).not.toThrow();
    expect(() => readEnvironment(variables, { SMTP_URL: 'smtp://m' })).toThrow(/SALLYPORT_SECRET/);
    expect(readEnvironment(variables, { SALLYPORT_SECRET: 's' })).toMatchObject({
      secret: 's',
      fetchedSecrets: ['SALLYPORT_SECRET'],
    });
    expect(() => readEnvironment({}, { SALLYPORT_ADMIN_TOKEN: 'short' })).toThrow(/SALLYPORT_ADMIN_TOKEN/);
  });

  it('is read variable by variable, as its table lists them', () => {
    const read = new Set<string>();
    readEnvironment(new Proxy({}, { get: (_, name) => void read.add(String(name)) }));
    const listed: [string, EnvironmentVariable][] = Object.entries(environmentTable);
    const names = listed.flatMap(([name, { file }]) => (file === undefined ? [name] : [name, `${name}_FILE`]));
    expect([...read].sort()).toEqual([...names, 'NODE_ENV'].sort());
  });

  it('may be shared with the applications behind the gateway', () => {
    const variables = Object.fromEntries(variablesOfApplications.map((name) => [name, 'shell']));
    expect(() => readEnvironment(variables)).not.toThrow();
  });

  it('reports all problems in one message', () => {
    expect(() => readEnvironment({ PORT: 'x', SALLYPORT_TYPO: '1' })).toThrow(
      /2 problems[\s\S]*SALLYPORT_TYPO[\s\S]*PORT/,
    );
  });

  it('reads a secret from a mounted file, without its line end', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'sallyport-')), 'secret');
    writeFileSync(file, 'from-a-file\n', { mode: 0o600 });
    expect(readEnvironment({ SALLYPORT_SECRET_FILE: file }).secret).toBe('from-a-file');
  });

  it.skipIf(process.platform === 'win32')(
    'refuses a mounted secret that everybody can read, and takes one for a group',
    () => {
      const file = join(mkdtempSync(join(tmpdir(), 'sallyport-')), 'secret');
      writeFileSync(file, 'canary');
      chmodSync(file, 0o644);
      const read = (): unknown => readEnvironment({ SALLYPORT_SECRET_FILE: file });
      expect(read).toThrow(/SALLYPORT_SECRET_FILE[\s\S]*chmod 600/);
      expect(read).not.toThrow(/canary/);
      chmodSync(file, 0o440);
      expect(readEnvironment({ SALLYPORT_SECRET_FILE: file }).secret).toBe('canary');
    },
  );

  it('refuses a mounted secret that is empty: it is not the same as none', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'sallyport-')), 'secret');
    writeFileSync(file, ' \n', { mode: 0o600 });
    expect(() => readEnvironment({ SMTP_URL_FILE: file })).toThrow(/SMTP_URL_FILE +names a file that is empty/);
  });

  it('reads the address of the database from a mounted file', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'sallyport-')), 'url');
    writeFileSync(file, 'postgres://db/sallyport\n', { mode: 0o600 });
    expect(readEnvironment({ DATABASE_URL_FILE: file }).databaseUrl).toBe('postgres://db/sallyport');
  });

  it('takes an empty variable for an absent one', () => {
    expect(readEnvironment({ PORT: '', SALLYPORT_DATA_DIR: '' })).toMatchObject({
      port: undefined,
      dataDir: undefined,
    });
  });
});
