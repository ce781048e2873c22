import { describe, expect, it } from 'vitest';
import { silentLogger } from '@sallyport/core';
import { openMongo } from '../mongodb/open-mongo.ts';
import { openExternalDatabase } from '../open-database.ts';
import { parsePostgresUrl } from './postgres-url.ts';

describe('the address of a PostgreSQL', () => {
  it('is read from a URL, with its escapes', () => {
    const url = 'postgresql://ada:p%40ss%2Fword@db.internal/sally?options=-c%20search_path%3Dlogin';
    expect(parsePostgresUrl(url)).toMatchObject({
      host: 'db.internal',
      port: 5432,
      user: 'ada',
      password: 'p@ss/word',
      database: 'sally',
      ssl: false,
      applicationName: 'sallyport',
      options: '-c search_path=login',
    });
  });

  it('may be a Unix socket', () => {
    expect(parsePostgresUrl('postgres://ada@localhost/sally?host=/run/postgresql').host).toBe('/run/postgresql');
  });

  it.each(['require', 'verify-ca', 'verify-full'])('checks the certificate and the name with sslmode=%s', (mode) => {
    expect(parsePostgresUrl(`postgres://db/sally?sslmode=${mode}`).ssl).toMatchObject({ rejectUnauthorized: true });
  });

  it.each([
    'canary',
    'mysql://u:canary@db/x',
    'postgres://u:canary@db',
    'postgres://u:canary@db/a/b',
    'postgres://u:canary%@db/a',
    'postgres://u:canary@db/a?sslmode=prefer',
    'postgres://u:canary@db/a?sslmode=no-verify',
    'postgres://u:canary@db/a?sslmode=canary',
    'postgres://u:canary@db/a?sslrootcert=/canary',
    'postgres://u:canary@db/a?sslmode=verify-full&sslrootcert=/canary',
    'postgres://u:canary@db/a?canary-x=1',
    'postgres:///a',
  ])('is refused by name and never by value: case %#', (url) => {
    const parse = (): unknown => parsePostgresUrl(url);
    expect(parse).toThrow(/^DATABASE_URL cannot be used: it /);
    expect(parse).not.toThrow(/canary/);
  });
});

describe('the address of a MongoDB', () => {
  it.each([
    'http://u:canary@db/x',
    'mongodb://u:canary@db',
    'mongodb://u:canary@db/',
    'mongodb://u:canary@db/?replicaSet=a',
    'mongodb://u:canary@db/x?tlsInsecure=true',
    'mongodb://u:canary@db/x?tlsAllowInvalidCertificates=true',
    'mongodb://u:canary@@db/x',
    'mongodb://u:canary@db/x?canary=1',
  ])('is refused by name and never by value: case %#', (url) => {
    const open = (): unknown => openMongo({ url });
    expect(open).toThrow(/^DATABASE_URL cannot be used: it /);
    expect(open).not.toThrow(/canary/);
  });
});

describe('the address of a database', () => {
  it.each(['', 'canary', 'mysql://u:canary@db/x', 'redis://u:canary@db/0', 'file:canary.db'])(
    'with a scheme that is not known is refused: %#',
    (url) => {
      const open = (): unknown => openExternalDatabase(url, silentLogger);
      expect(open).toThrow(/DATABASE_URL.*postgres:\/\/ or mongodb:\/\//);
      expect(open).not.toThrow(/canary/);
    },
  );
});
