import { describe, expect, it } from 'vitest';
import { silentLogger } from '@sallyport/core';
import { openMongo } from '../mongodb/open-mongo.ts';
import { openExternalDatabase } from '../open-database.ts';
import fc from 'fast-check';
import { ignoredParameters, understoodParameters } from './postgres-parameters.ts';
import { waitForDatabase } from '../wait-for-database.ts';
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
      encryption: { kind: 'by-address' },
      applicationName: 'sallyport',
      options: '-c search_path=login',
    });
  });

  it.each([
    {
      url: 'postgres://u@one,two/d',
      hosts: [
        ['one', 5432],
        ['two', 5432],
      ],
    },
    {
      url: 'postgres://u@one:1,two:2,[::1]:3/d',
      hosts: [
        ['one', 1],
        ['two', 2],
        ['::1', 3],
      ],
    },
    {
      url: 'postgres://u@x/d?host=one,two&port=7,8',
      hosts: [
        ['one', 7],
        ['two', 8],
      ],
    },
    {
      url: 'postgres://u@x/d?host=one,/run/postgresql&port=7',
      hosts: [
        ['one', 7],
        ['/run/postgresql', 7],
      ],
    },
  ])('may name several servers: $url', ({ url, hosts }) => {
    const address = parsePostgresUrl(url);
    expect(address.hosts.map(({ host, port }) => [host, port])).toEqual(hosts);
    expect(address).toMatchObject({ user: 'u', database: 'd', mustTakeWrites: true });
  });

  it('is of a server that takes writes where that is asked for, or where there are several', () => {
    const asks = (rest: string): boolean => parsePostgresUrl(`postgres://u@${rest}`).mustTakeWrites;
    expect(asks('one/d')).toBe(false);
    expect(asks('one/d?target_session_attrs=prefer-standby')).toBe(false);
    expect(asks('one/d?target_session_attrs=primary')).toBe(true);
    expect(asks('one,two/d?target_session_attrs=any')).toBe(false);
  });

  it('may be a Unix socket', () => {
    expect(parsePostgresUrl('postgres://ada@localhost/sally?host=/run/postgresql').host).toBe('/run/postgresql');
  });

  it.each(['require', 'verify-ca', 'verify-full'])('checks the certificate and the name with sslmode=%s', (mode) => {
    expect(parsePostgresUrl(`postgres://db/sally?sslmode=${mode}`).encryption).toMatchObject({
      kind: 'verified',
      tls: { rejectUnauthorized: true },
    });
  });

  // As the consoles of hosted databases and the guides of other tools print them, with other names.
  it.each([
    { from: 'Neon', query: 'sslmode=require&channel_binding=require' },
    { from: 'Neon without SNI', query: 'sslmode=require&options=endpoint%3Dep-cool-1' },
    { from: 'Prisma behind PgBouncer', query: 'pgbouncer=true&connection_limit=1&pool_timeout=0&connect_timeout=15' },
    { from: 'Prisma', query: 'schema=public&sslaccept=strict&statement_cache_size=0&socket_timeout=5' },
    { from: 'Supabase on Vercel', query: 'sslmode=require&supa=base-pooler.x' },
    { from: 'Supabase', query: 'pgbouncer=true' },
    { from: 'DigitalOcean and Aiven', query: 'sslmode=require' },
    { from: 'CockroachDB', query: 'sslmode=verify-full' },
    { from: 'Heroku', query: 'ssl=true' },
    { from: 'Render', query: '' },
    { from: 'node-postgres', query: 'sslmode=require&uselibpqcompat=true' },
    {
      from: 'libpq',
      query: 'application_name=app&target_session_attrs=read-write&keepalives_idle=30&gssencmode=disable',
    },
    { from: 'JDBC', query: 'ssl=true&prepareThreshold=0&preferQueryMode=simple' },
    { from: 'Cloud SQL', query: 'host=/cloudsql/p%3Aregion%3Aone&user=ada&dbname=sally' },
  ])('is understood as $from prints it', ({ query }) => {
    const address = parsePostgresUrl(`postgresql://ada:secret@ep-cool.example.com/sally?${query}`);
    expect(address).toMatchObject({ user: 'ada', database: 'sally' });
    for (const name of address.ignoredParameters) expect(ignoredParameters).toContain(name);
  });

  it('has effect where a parameter has one here', () => {
    const query =
      'connect_timeout=15&connection_limit=3&pgbouncer=true&schema=login&channel_binding=require&pool_timeout=9';
    expect(parsePostgresUrl(`postgres://u@127.0.0.1/d?${query}`)).toMatchObject({
      connectTimeoutMilliseconds: 15_000,
      maximumConnections: 3,
      isPooled: true,
      options: '-c search_path=login',
      encryption: { kind: 'verified' },
      isChannelBound: true,
      ignoredParameters: ['pool_timeout'],
    });
  });

  it('is refused with the name of every parameter that is not known', () => {
    const names = fc.stringMatching(/^[a-z_]{1,30}$/);
    fc.assert(
      fc.property(names, (name) => {
        fc.pre(!understoodParameters.has(name) && !ignoredParameters.has(name));
        expect(() => parsePostgresUrl(`postgres://u:canary@db/a?${name}=canary`)).toThrow(
          new RegExp(`not known here: ${name}`),
        );
      }),
    );
  });

  it.each([
    'sslmode=disable&channel_binding=require',
    'sslaccept=accept_invalid_certs',
    'channel_binding=canary',
    'pgbouncer=canary',
    'ssl=canary',
    'connect_timeout=canary',
    'connection_limit=-1',
    'schema=Canary%22',
    'sslmode=require&sslmode=disable',
    'target_session_attrs=canary',
    'host=a,b,c&port=1,2',
    'host=a,,b',
  ])('is refused with %s', (query) => {
    const parse = (): unknown => parsePostgresUrl(`postgres://u:canary@db/a?${query}`);
    expect(parse).toThrow(/^DATABASE_URL cannot be used: it /);
    expect(parse).not.toThrow(/canary/);
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
    'postgres://u:canary@a,,b/d',
    'postgres://u:canary@a:1,b:canary/d',
    'postgres://u:canary@a,b,c,d,e,f,g,h,i/d',
    'postgres://u:canary@a,b/d?target_session_attrs=standby',
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
    'mongodb://u:canary@203.0.113.7/x',
    'mongodb://u:canary@10.0.0.1,[2001:db8::1]:27018/x',
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

describe('the name of a MongoDB that leads to a public address', () => {
  const publicOne = () => Promise.resolve([{ address: '203.0.113.7', family: 4 }]);

  it('is refused without tls before anything is sent', async () => {
    const database = openMongo({
      url: 'mongodb://db.example.test/x',
      resolve: publicOne,
      selectionTimeoutMilliseconds: 300,
    });
    await expect(waitForDatabase(database, { maximumMilliseconds: 0 })).rejects.toThrow(/public address.*tls=true/);
    await database.close();
  });
});
