import 'reflect-metadata';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PemConverter, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorkplace, goodPassword, type Workplace } from '../test-support/memory-terminal.ts';
import {
  databaseKinds,
  freePort,
  isAvailable,
  makeDatabase,
  startMuteServer,
  testRedisUrl,
  type TestDatabase,
} from '../test-support/test-servers.ts';

interface Finding {
  readonly check: string;
  readonly state: string;
  readonly finding: string;
  readonly fix?: string;
}

async function examine(place: Workplace): Promise<{ code: number; output: string; findings: readonly Finding[] }> {
  const { code, output, errors, json } = await place.run(['doctor', '--json']);
  expect(errors).toBe('');
  return { code, output, findings: (json() as { findings: Finding[] }).findings };
}

const statesOf = (findings: readonly Finding[]): Record<string, string> =>
  Object.fromEntries(findings.map(({ check, state }) => [check, state]));

describe('the doctor of how a gateway runs', () => {
  const base = {
    publicUrl: 'http://localhost:3000',
    policy: { permissions: {}, roles: { user: [] } },
    routes: [{ name: 'all', prefix: '/', upstream: 'http://127.0.0.1:9', audience: 'all', access: 'signed-in' }],
  };

  it.each([
    { name: 'workers without shared stores', config: { workers: 2 }, check: 'workers' },
    {
      name: 'an admin listener for everybody',
      config: { admin: { host: '0.0.0.0', port: 9 } },
      check: 'admin listener',
    },
  ])('finds $name', async ({ config, check }) => {
    const place = createWorkplace();
    writeFileSync(
      join(place.folder, 'sallyport.config.ts'),
      `export default ${JSON.stringify({ ...base, ...config })};\n`,
    );
    const { code, findings } = await examine(place);
    expect(code).toBe(1);
    expect(statesOf(findings)[check]).toBe('bad');
  });

  it.each([
    {
      name: 'JWTs that routes take',
      tokens: {},
      credentials: ['session', 'bearer'],
      found: {
        state: 'good',
        finding:
          'access tokens are JWTs of 10 minutes, refresh tokens last 30 days unused and 90 at all; they open "all"',
      },
    },
    {
      name: 'opaque tokens that no route takes',
      tokens: { accessTokens: 'opaque', accessMinutes: 5 },
      credentials: ['session'],
      found: {
        state: 'note',
        finding: expect.stringMatching(/^access tokens are opaque texts of 5 minutes.*they open no route$/) as string,
        fix: expect.stringContaining(`['session', 'opaque']`) as string,
      },
    },
  ])('tells of $name', async ({ tokens, credentials, found }) => {
    const place = createWorkplace();
    const routes = base.routes.map((route) => ({ ...route, credentials }));
    const config = { ...base, routes, firstPartyTokens: tokens };
    writeFileSync(join(place.folder, 'sallyport.config.ts'), `export default ${JSON.stringify(config)};\n`);
    expect((await examine(place)).findings.filter(({ check }) => check === 'tokens')).toEqual([
      { check: 'tokens', ...found },
    ]);
  });

  it('says nothing of tokens that there are not', async () => {
    const place = createWorkplace();
    writeFileSync(join(place.folder, 'sallyport.config.ts'), `export default ${JSON.stringify(base)};\n`);
    expect(statesOf((await examine(place)).findings)['tokens']).toBeUndefined();
  });
});

describe('the doctor of a configuration file that cannot be loaded', () => {
  it('shows where it fails, line by line, and nothing of how it was loaded', async () => {
    const place = createWorkplace();
    writeFileSync(
      join(place.folder, 'sallyport.config.ts'),
      'function find() {\n  throw new Error("no such thing");\n}\nexport default find();\n',
    );
    const { code, output } = await place.run(['doctor']);
    expect(code).toBe(1);
    const lines = output.trimEnd().split('\n');
    expect(lines.slice(2, 5)).toEqual([
      'BAD  configuration  (file) cannot be loaded: Error: no such thing',
      expect.stringMatching(/^ {20} +at find \(.*sallyport\.config\.ts:2:9\)$/),
      expect.stringMatching(/^ {20} +at .*sallyport\.config\.ts:4:16$/),
    ]);
    expect(output).not.toMatch(/node:internal|load-config/);
  });

  it('leaves control characters of its text out', async () => {
    const place = createWorkplace();
    writeFileSync(join(place.folder, 'sallyport.config.ts'), 'throw new Error("a\\u001b[2Jb\\rc");\n');
    const { output } = await place.run(['doctor']);
    expect(output).toContain('a?[2Jb?c');
  });
});

describe('the doctor of TLS', () => {
  /** A certificate for one host, signed by its own key. */
  async function makePair(place: Workplace, host: string): Promise<void> {
    const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    const certificate = await X509CertificateGenerator.createSelfSigned({
      name: `CN=${host}`,
      keys,
      notBefore: new Date(Date.now() - 60_000),
      notAfter: new Date(Date.now() + 90 * 86_400_000),
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
      extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: host }])],
    });
    const key = PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
    writeFileSync(join(place.folder, 'cert.pem'), certificate.toString('pem'));
    writeFileSync(join(place.folder, 'key.pem'), key, { mode: 0o600 });
  }

  it.each([
    {
      name: 'nothing wrong with a pair for the host',
      host: 'app.example.test',
      mode: 0o600,
      state: 'good',
      finding: /for app\.example\.test/,
    },
    {
      name: 'a certificate without the host name',
      host: 'other.test',
      mode: 0o600,
      state: 'bad',
      finding: /tls\.certFile does not name the host/,
    },
    {
      name: 'a key that every user may read',
      host: 'app.example.test',
      mode: 0o644,
      state: 'bad',
      finding: /tls\.keyFile is open to every user/,
    },
  ])('finds $name, as the start does', async ({ host, mode, state, finding }) => {
    const place = createWorkplace();
    await makePair(place, host);
    chmodSync(join(place.folder, 'key.pem'), mode);
    const tls = { certFile: join(place.folder, 'cert.pem'), keyFile: join(place.folder, 'key.pem') };
    const config = {
      publicUrl: 'https://app.example.test',
      tls,
      policy: { permissions: {}, roles: { user: [] } },
      routes: [{ name: 'all', prefix: '/', upstream: 'http://127.0.0.1:9', audience: 'all', access: 'signed-in' }],
    };
    writeFileSync(join(place.folder, 'sallyport.config.ts'), `export default ${JSON.stringify(config)};\n`);
    const found = (await examine(place)).findings.filter(({ check }) => check === 'TLS');
    expect(found).toEqual([{ check: 'TLS', state, finding: expect.stringMatching(finding) as string }]);
  });
});

describe.each(databaseKinds)('the doctor', (kind) => {
  describe.skipIf(!isAvailable(kind))(`sallyport doctor [${kind}]`, () => {
    let database: TestDatabase;
    let place: Workplace;
    beforeEach(async () => {
      database = await makeDatabase(kind);
      place = createWorkplace(database.variables);
    });
    afterEach(() => database.drop());

    /** What a MongoDB that is no replica set, and a FerretDB, cannot do is a warning. */
    const expectSafe = (code: number, findings: readonly Finding[]): void => {
      const found = findings.filter(({ state }) => state === 'warning' || state === 'bad').map(({ check }) => check);
      const known = kind === 'mongodb' ? ['transactions', 'conditional updates'] : [];
      expect(found.filter((check) => !known.includes(check))).toEqual([]);
      expect(code).toBe(found.length === 0 ? 0 : 1);
    };

    it('finds an empty database to be migrated, migrates nothing, and finds nothing more once it is', async () => {
      for (let times = 0; times < 2; times += 1) {
        const { code, findings } = await examine(place);
        expectSafe(code, findings);
        if (kind === 'sqlite') expect(findings).toContainEqual(expect.objectContaining({ finding: 'none yet' }));
        else
          expect(findings).toContainEqual({
            check: 'migrations',
            state: 'note',
            finding: expect.stringMatching(/^pending: \d+ tables, \d+ indexes/) as string,
            fix: expect.stringContaining('sallyport migrate') as string,
          });
      }
      await place.run(['migrate']);
      expect(statesOf((await examine(place)).findings)).toMatchObject({
        tables: 'good',
        'clock of the gateways': 'good',
        ...(kind === 'sqlite' ? {} : { 'clock of the database': 'good' }),
      });
    });

    it('says how fast it answers, and what the root secret opens, and never where it is', async () => {
      await place.run(['users', 'create-admin', '--email', 'ada@x.test', '--password-stdin'], goodPassword);
      const { code, output, findings } = await examine(place);
      expectSafe(code, findings);
      expect(findings).toContainEqual({ check: 'signing keys', state: 'good', finding: 'the root secret opens 1' });
      expect(output).toMatch(kind === 'sqlite' ? /1 accounts, counted in [\d.]+ ms/ : /answers in [\d.]+ ms/);
      const { DATABASE_URL } = database.variables;
      if (DATABASE_URL !== undefined) expect(output).not.toContain(new URL(DATABASE_URL).port);
    });
  });
});

describe.skipIf(testRedisUrl === '')('sallyport doctor [redis]', () => {
  it('finds Redis, its clock, and how it is set up', async () => {
    const { findings, output } = await examine(createWorkplace({ REDIS_URL: testRedisUrl }));
    const states = statesOf(findings);
    expect(states).toMatchObject({ Redis: 'good', 'clock of Redis': 'good' });
    expect(Object.keys(states)).toEqual(expect.arrayContaining(['Redis when full', 'Redis on disk']));
    expect(output).not.toContain(new URL(testRedisUrl).port);
  });

  it('finds a password that is wrong', async () => {
    const url = new URL(testRedisUrl);
    url.password = 'canary';
    const { code, findings, output } = await examine(createWorkplace({ REDIS_URL: url.href }));
    expect(code).toBe(1);
    expect(statesOf(findings)).toMatchObject({ Redis: 'bad' });
    expect(output).not.toContain('canary');
  });
});

describe('the doctor', () => {
  const secretParts = /canary|127\.0\.0\.1|\n\s+at /;

  it('finds servers that refuse, and says what to do about each', async () => {
    const port = await freePort();
    const place = createWorkplace({
      DATABASE_URL: `postgres://canary:canary@127.0.0.1:${port}/canary`,
      REDIS_URL: `redis://canary:canary@127.0.0.1:${port}`,
    });
    const { code, findings, output } = await examine(place);
    expect(code).toBe(1);
    for (const check of ['database', 'Redis'])
      expect(findings).toContainEqual({
        check,
        state: 'bad',
        finding: expect.stringMatching(/does not answer.*econnrefused.*(DATABASE|REDIS)_URL/i) as string,
      });
    expect(output).not.toMatch(secretParts);
  });

  it.each(['postgres', 'mongodb'])(
    'gives up on servers that hang (%s, redis)',
    async (scheme) => {
      const mute = await startMuteServer();
      const place = createWorkplace({
        DATABASE_URL: `${scheme}://canary:canary@127.0.0.1:${mute.port}/canary`,
        REDIS_URL: `redis://127.0.0.1:${mute.port}`,
      });
      const { code, findings, output } = await examine(place);
      mute.close();
      expect(code).toBe(1);
      expect(statesOf(findings)).toMatchObject({ database: 'bad', Redis: 'bad' });
      expect(output).not.toMatch(secretParts);
    },
    60_000,
  );

  it.each([
    { variables: { DATABASE_URL: 'canary' }, check: 'database' },
    { variables: { DATABASE_URL: 'mongodb://canary:canary@127.0.0.1:1/' }, check: 'database' },
    { variables: { REDIS_URL: 'redis://127.0.0.1:1?canary=1&tls=canary' }, check: 'Redis' },
  ])('finds an address that is none: $check', async ({ variables, check }) => {
    const { code, findings, output } = await examine(createWorkplace(variables));
    expect(code).toBe(1);
    expect(statesOf(findings)).toMatchObject({ [check]: 'bad' });
    expect(output).not.toMatch(/=canary|canary:|127\.0\.0\.1/);
  });

  it('finds a file of authorities that is not there', async () => {
    const place = createWorkplace({ REDIS_URL: 'rediss://127.0.0.1:1' });
    const config = `export default { publicUrl: 'http://localhost:1', redis: { caFile: '/nowhere/canary' }, policy: { permissions: {}, roles: {} },
      routes: [{ name: 'a', prefix: '/', upstream: 'http://127.0.0.1:9', audience: 'a', access: 'public' }] };`;
    writeFileSync(join(place.folder, 'sallyport.config.ts'), config);
    const { findings } = await examine(place);
    expect(findings.find(({ check }) => check === 'Redis')).toMatchObject({
      state: 'bad',
      finding: expect.stringContaining('caFile') as string,
    });
  });
});
