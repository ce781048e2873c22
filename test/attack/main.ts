import { parseArgs } from 'node:util';
import { withBuildLock } from '../../tools/build/build-lock.ts';
import { buildPackages } from '../../tools/build/build-system.ts';
import { createProgress } from '../../tools/build/progress.ts';
import { reportFailure } from '../../tools/processes/report-failure.ts';
import { startPostgres } from '../../tools/test-servers/postgres.ts';
import { startRedis } from '../../tools/test-servers/redis.ts';
import type { TestServer } from '../../tools/test-servers/test-server.ts';
import { onStopRequest } from '../../tools/processes/stop-requests.ts';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import { allCases } from './all-cases.ts';
import { startFixture, type Fixture, type FixtureAddress } from './fixture/fixture.ts';
import { runSuite, type Result } from './runner/run-suite.ts';
import { toReport, toScoreboard } from './runner/scoreboard.ts';

/* `npm run attack`: the scoreboard, of our own gateway or of any other. */

const help = `npm run attack -- [options]

  --only P,H01        cases whose id begins like one of these
  --stores <names>    "embedded", or "postgres,redis": then two gateways of one deployment take turns (both stores are
                      started for it, unless DATABASE_URL and REDIS_URL name some that may be written to)
  --json              the results as one JSON document
  --gateway <url>     another gateway, reached as app.test; with it all of these:
  --echo <url>        the recording upstream behind it (npm run fixture:attack says how it behaves)
  --cookie-name <n>   the name of its session cookie
  --alice <value>     a session of a user with the role "user"
  --root <value>      a session of a user with the role "admin"
  --key <value>       an API key of alice's, for the route /keyed
`;

const fixtures: Fixture[] = [];
const servers: TestServer[] = [];
onStopRequest(stop);

try {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean' },
      json: { type: 'boolean' },
      only: { type: 'string' },
      stores: { type: 'string', default: 'embedded' },
      gateway: { type: 'string' },
      echo: { type: 'string' },
      'cookie-name': { type: 'string' },
      alice: { type: 'string' },
      root: { type: 'string' },
      key: { type: 'string' },
    },
  });
  if (values.help === true) console.log(help);
  else {
    const { gateway, echo, 'cookie-name': cookieName, alice, root, key } = values;
    const other = { gateway, echo, cookieName, alice, root, key };
    const only = values.only?.split(',') ?? [''];
    const results = await run(only, toStores(values.stores), gateway === undefined ? undefined : addressOf(other));
    console.log(values.json === true ? JSON.stringify(toReport(results), undefined, 2) : toScoreboard(results));
    // Of our own gateway, hygiene is expected too.
    const kinds = gateway === undefined ? ['failed', 'hygiene'] : ['failed'];
    process.exitCode = results.some(({ outcome }) => kinds.includes(outcome.kind)) ? 1 : 0;
  }
} catch (error) {
  reportFailure(error);
} finally {
  await stop();
}

async function stop(): Promise<void> {
  await Promise.all(fixtures.map((fixture) => fixture.stop()));
  await Promise.all(servers.map(async (server) => server.kind === 'absent' || server.stop()));
}

async function run(
  only: readonly string[],
  stores: 'embedded' | 'servers',
  other: FixtureAddress | undefined,
): Promise<readonly Result[]> {
  const cases = allCases.filter(({ id }) => only.some((start) => id.startsWith(start)));
  const progress = createProgress(process.stderr);
  let results: readonly Result[] = [];
  if (other === undefined) {
    await withBuildLock(workspaceRoot, undefined, () =>
      progress.step('Building packages', () => buildPackages(workspaceRoot)),
    );
    await progress.step('Starting gateways and echoes', async () => {
      const shared = {
        program: 'built',
        hasSpareAccount: true,
        ...(stores === 'servers' ? await openServers() : {}),
      } as const;
      const hasAccounts = stores === 'servers';
      fixtures.push(await startFixture(shared));
      fixtures.push(await startFixture({ ...shared, hasAccounts, trustedProxies: ['127.0.0.1'] }));
      if (stores === 'servers') fixtures.push(await startFixture({ ...shared, hasAccounts }));
    });
  }
  const [plain = other, behindProxy, ...others] = fixtures.map(({ address }) => address);
  if (plain === undefined) throw new TypeError('there is no gateway');
  await progress.step(`Running ${cases.length} cases`, async () => {
    results = await runSuite(cases, [plain, ...others], behindProxy, other === undefined);
  });
  return results;
}

function toStores(names: string): 'embedded' | 'servers' {
  if (names === 'embedded') return 'embedded';
  if (names === 'postgres,redis') return 'servers';
  throw new Error(`--stores is "embedded" or "postgres,redis".\n\n${help}`);
}

/** Those that the variables name, or new ones for this run. */
async function openServers(): Promise<{ readonly databaseUrl: string; readonly redisUrl: string }> {
  const urlOf = async (given: string | undefined, start: () => Promise<TestServer>): Promise<string> => {
    if (given !== undefined && given !== '') return given;
    const server = await start();
    servers.push(server);
    if (server.kind === 'absent') throw new Error(server.reason);
    return server.url;
  };
  return {
    databaseUrl: await urlOf(process.env['DATABASE_URL'], () => startPostgres()),
    redisUrl: await urlOf(process.env['REDIS_URL'], () => startRedis()),
  };
}

function addressOf(
  other: Readonly<Record<'gateway' | 'echo' | 'cookieName' | 'alice' | 'root' | 'key', string | undefined>>,
): FixtureAddress {
  const { gateway, echo, cookieName, alice, root, key } = other;
  if (
    gateway === undefined ||
    echo === undefined ||
    cookieName === undefined ||
    alice === undefined ||
    root === undefined ||
    key === undefined
  )
    throw new Error(`Another gateway needs --gateway, --echo, --cookie-name, --alice, --root and --key.\n\n${help}`);
  return { gateway, echo, hosts: ['app.test', 'shop.test'], cookieName, cookies: { alice, root }, key };
}
