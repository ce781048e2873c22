import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { configure, judge, setUp, start } from '../test-support/doctor-and-start.ts';
import { goodPassword, secondSecret, type Workplace } from '../test-support/memory-terminal.ts';
import {
  freePort,
  hasRedisServer,
  insertIntoMongo,
  isAvailable,
  makeDatabase,
  runOnPostgres,
  startOwnRedis,
  testRedisUrl,
  type DatabaseKind,
} from '../test-support/test-servers.ts';

interface Deployment {
  readonly place: Workplace;
  /** The database of the deployment. */
  readonly databaseUrl: string;
}

interface Row {
  readonly name: string;
  /** Makes what is wrong; the deployment is sound. */
  readonly spoil: (deployment: Deployment) => Promise<void>;
  /** The check of the doctor that finds it, and nothing else does. */
  readonly check: string;
  /** What both say. */
  readonly says: RegExp;
}

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function deploy(kind: DatabaseKind, environment: Readonly<Record<string, string>> = {}): Promise<Deployment> {
  const database = await makeDatabase(kind);
  closing.push(() => database.drop());
  const config = { redis: { prefix: `doctor-${randomBytes(6).toString('hex')}:` } };
  const place = await setUp({ config, environment: { ...database.variables, ...environment } });
  return { place, databaseUrl: database.variables['DATABASE_URL'] ?? '' };
}

const differentPolicy = {
  permissions: { 'product:read': 'List and read products' },
  roles: { user: [], clerk: ['product:read'] },
};

const brokenOnPostgres: readonly Row[] = [
  {
    name: 'roles that are not those of the configuration',
    spoil: async ({ place }) => {
      await start(place);
      await configure(place, { policy: differentPolicy });
    },
    check: 'roles',
    says: /policy of the configuration differs[^]*\+ role clerk: \+product:read[^]*"sallyport roles apply"/,
  },
  {
    name: 'roles that another program changed',
    spoil: async ({ place, databaseUrl }) => {
      await start(place);
      await runOnPostgres(databaseUrl, `UPDATE "sallyportRole" SET permissions = 'user:manage'`);
    },
    check: 'roles',
    says: /~ role user: -user:manage/,
  },
  {
    name: 'signing keys of another root secret',
    spoil: async ({ place }) => {
      await start(place);
      place.environment['SALLYPORT_SECRET'] = secondSecret;
    },
    check: 'signing keys',
    says: /sealed under another root secret/,
  },
  {
    name: 'rows that stand in the way of a migration',
    spoil: async ({ databaseUrl }) => {
      await runOnPostgres(databaseUrl, 'CREATE TABLE "user" (id text PRIMARY KEY)');
      await runOnPostgres(databaseUrl, `INSERT INTO "user" VALUES ('1')`);
    },
    check: 'migrations',
    says: /cannot be migrated/,
  },
  {
    name: 'a database that is not there',
    spoil: async ({ place, databaseUrl }) => {
      const url = new URL(databaseUrl);
      url.pathname = '/nowhere';
      place.environment['DATABASE_URL'] = url.href;
    },
    check: 'database',
    says: /does not let Sallyport in \(3D000\).*DATABASE_URL/,
  },
  {
    name: 'a server that does not answer',
    spoil: async ({ place }) => {
      place.environment['DATABASE_URL'] = `postgres://user@127.0.0.1:${await freePort()}/canary`;
    },
    check: 'database',
    says: /database does not answer \(ECONNREFUSED\).*DATABASE_URL/,
  },
];

const brokenOnRedis: readonly Row[] = [
  {
    name: 'a password that is wrong',
    spoil: async ({ place }) => {
      const url = new URL(testRedisUrl);
      url.password = 'canary';
      place.environment['REDIS_URL'] = url.href;
    },
    check: 'Redis',
    says: /Redis does not answer.*REDIS_URL/,
  },
];

const unsafeOnRedis: readonly Row[] = ['allkeys-lru', 'volatile-ttl'].map((policy) => ({
  name: `a Redis that evicts (${policy})`,
  spoil: async ({ place }) => {
    const redis = await startOwnRedis(['--maxmemory', '50mb', '--maxmemory-policy', policy]);
    closing.push(() => redis.close());
    place.environment['REDIS_URL'] = redis.url;
  },
  check: 'Redis when full',
  says: new RegExp(`throws sessions and counts of failed guesses away \\(${policy}\\).*maxmemory-policy to noeviction`),
}));

async function expectRefusal({ check, says, spoil }: Row, deployment: Deployment): Promise<void> {
  await spoil(deployment);
  const { doctor, start: begun } = await judge(deployment.place);
  expect(begun.refusal).toMatch(says);
  expect([...doctor.bad]).toEqual([[check, expect.stringMatching(says)]]);
  expect(doctor.code).toBe(1);
  expect(begun.refusal + [...doctor.bad.values()].join('')).not.toContain('canary');
}

async function expectWarning({ check, says, spoil }: Row, deployment: Deployment): Promise<void> {
  await spoil(deployment);
  const { doctor, start: begun } = await judge(deployment.place);
  expect(begun.refusal).toBe('');
  expect(doctor.bad).toEqual(new Map());
  for (const warnings of [doctor.warnings, begun.warnings])
    expect([...warnings]).toEqual([[check, expect.stringMatching(says)]]);
  expect(doctor.code).toBe(1);
}

describe.skipIf(!isAvailable('postgres'))('the start and the doctor [postgres]', () => {
  it('find nothing wrong with a database that is sound', async () => {
    const { place } = await deploy('postgres');
    for (let times = 0; times < 2; times += 1) {
      const { doctor, start: begun } = await judge(place);
      expect(doctor).toEqual({ code: 0, bad: new Map(), warnings: new Map() });
      expect(begun).toEqual({ refusal: '', warnings: new Map() });
    }
  });

  it.each(brokenOnPostgres)('both refuse $name', async (row) => {
    await expectRefusal(row, await deploy('postgres'));
  });

  it('both accept a retired key that no root secret opens, once no verifier needs it', async () => {
    const { place, databaseUrl } = await deploy('postgres');
    await start(place);
    const columns = '"use", alg, kid, state, slot, "publicJwk", "sealedPrivate", "signFrom", "verifyUntil"';
    await runOnPostgres(
      databaseUrl,
      `INSERT INTO "sallyportKey" (id, ${columns})
       SELECT 'old', "use", alg, 'old', 'retiring', NULL, "publicJwk", "sealedPrivate", "signFrom", now() - interval '1 day'
       FROM "sallyportKey" LIMIT 1`,
    );
    const { doctor, start: begun } = await judge(place);
    expect(doctor).toEqual({ code: 0, bad: new Map(), warnings: new Map() });
    expect(begun.refusal).toBe('');
  });

  it('both warn of an event that was written ahead of this clock', async () => {
    const name = 'the clock of a gateway that is ahead';
    const spoil = async ({ place, databaseUrl }: Deployment): Promise<void> => {
      await configure(place, { policy: { permissions: {}, roles: { user: [], admin: [] } } });
      await start(place);
      await place.run(['users', 'create-admin', '--email', 'ada@x.test', '--password-stdin'], goodPassword);
      await runOnPostgres(databaseUrl, `UPDATE "sallyportEvent" SET at = now() + interval '1 hour'`);
    };
    const says = /clock of the newest event is 3[56]\d\d s ahead.*NTP/;
    await expectWarning({ name, spoil, check: 'clock of the gateways', says }, await deploy('postgres'));
  });
});

describe.skipIf(!isAvailable('postgres') || testRedisUrl === '')('the start and the doctor [postgres + redis]', () => {
  it('find nothing wrong with stores that are sound', async () => {
    const { place } = await deploy('postgres', { REDIS_URL: testRedisUrl });
    const { doctor, start: begun } = await judge(place);
    expect(doctor).toEqual({ code: 0, bad: new Map(), warnings: new Map() });
    expect(begun).toEqual({ refusal: '', warnings: new Map() });
  });

  it.each(brokenOnRedis)('both refuse $name', async (row) => {
    await expectRefusal(row, await deploy('postgres'));
  });

  it.skipIf(!hasRedisServer).each(unsafeOnRedis)('both warn of $name, and the gateway starts', async (row) => {
    await expectWarning(row, await deploy('postgres'));
  });
});

describe.skipIf(!isAvailable('mongodb'))('the start and the doctor [mongodb]', () => {
  it('both refuse documents that stand in the way of a unique index', async () => {
    const { place, databaseUrl } = await deploy('mongodb');
    const document = { email: 'canary@x.test' };
    await insertIntoMongo(databaseUrl, 'user', [{ ...document }, { ...document }]);
    const { doctor, start: begun } = await judge(place);
    const says = /cannot be migrated: several documents of the collection user .* email.*"sallyport migrate"/;
    expect(begun.refusal).toMatch(says);
    expect([...doctor.bad]).toEqual([['migrations', expect.stringMatching(says)]]);
    expect(doctor.code).toBe(1);
    expect(begun.refusal + [...doctor.bad.values()].join('')).not.toContain('canary');
  });

  it('find the same about what it cannot do', async () => {
    const { place } = await deploy('mongodb');
    const { doctor, start: begun } = await judge(place);
    // A replica set can do everything, a MongoDB that is none has no transactions, a FerretDB 1 neither.
    const known = new Set(['transactions', 'conditional updates']);
    expect([...doctor.warnings.keys()].filter((check) => !known.has(check))).toEqual([]);
    expect(doctor.bad).toEqual(new Map());
    expect(begun).toEqual({ refusal: '', warnings: doctor.warnings });

    place.environment['NODE_ENV'] = 'production';
    await configure(place, { publicUrl: 'https://app.example.test', trustedProxies: ['127.0.0.1'] });
    const inProduction = await judge(place);
    const isRefused = doctor.warnings.has('conditional updates');
    expect([...inProduction.doctor.bad.keys()]).toEqual(isRefused ? ['conditional updates'] : []);
    expect(inProduction.start.refusal).toMatch(isRefused ? /FerretDB 1.*Use MongoDB or PostgreSQL/ : /^$/);
  });
});
