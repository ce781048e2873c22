import { parseArgs } from 'node:util';
import { withBuildLock } from '../../tools/build/build-lock.ts';
import { buildPackages } from '../../tools/build/build-system.ts';
import { createProgress } from '../../tools/build/progress.ts';
import { reportFailure } from '../../tools/processes/report-failure.ts';
import { onStopRequest } from '../../tools/processes/stop-requests.ts';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import { allCases } from './all-cases.ts';
import { startFixture, type Fixture, type FixtureAddress } from './fixture/fixture.ts';
import { runSuite, type Result } from './runner/run-suite.ts';
import { toReport, toScoreboard } from './runner/scoreboard.ts';

/* `npm run attack`: the scoreboard, of our own gateway or of any other. */

const help = `npm run attack -- [options]

  --only P,H01        cases whose id begins like one of these
  --json              the results as one JSON document
  --gateway <url>     another gateway, reached as app.test; with it all of these:
  --echo <url>        the recording upstream behind it (npm run fixture:attack says how it behaves)
  --cookie-name <n>   the name of its session cookie
  --alice <value>     a session of somebody with the role "user"
  --root <value>      a session of somebody with the role "admin"
`;

const fixtures: Fixture[] = [];
onStopRequest(async () => void (await Promise.all(fixtures.map((fixture) => fixture.stop()))));

try {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean' },
      json: { type: 'boolean' },
      only: { type: 'string' },
      gateway: { type: 'string' },
      echo: { type: 'string' },
      'cookie-name': { type: 'string' },
      alice: { type: 'string' },
      root: { type: 'string' },
    },
  });
  if (values.help === true) console.log(help);
  else {
    const { gateway, echo, 'cookie-name': cookieName, alice, root } = values;
    const other = { gateway, echo, cookieName, alice, root };
    const results = await run(values.only?.split(',') ?? [''], gateway === undefined ? undefined : addressOf(other));
    console.log(values.json === true ? JSON.stringify(toReport(results), undefined, 2) : toScoreboard(results));
    process.exitCode = results.some(({ outcome }) => outcome.kind === 'failed') ? 1 : 0;
  }
} catch (error) {
  reportFailure(error);
} finally {
  await Promise.all(fixtures.map((fixture) => fixture.stop()));
}

async function run(only: readonly string[], other: FixtureAddress | undefined): Promise<readonly Result[]> {
  const cases = allCases.filter(({ id }) => only.some((start) => id.startsWith(start)));
  const progress = createProgress(process.stderr);
  let results: readonly Result[] = [];
  if (other === undefined) {
    await withBuildLock(workspaceRoot, undefined, () =>
      progress.step('Building packages', () => buildPackages(workspaceRoot)),
    );
    await progress.step('Starting gateways and echoes', async () => {
      for (const trustedProxies of [[], ['127.0.0.1']])
        fixtures.push(await startFixture({ program: 'built', trustedProxies }));
    });
  }
  const [plain = other, behindProxy] = fixtures.map(({ address }) => address);
  if (plain === undefined) throw new TypeError('there is no gateway');
  await progress.step(`Running ${cases.length} cases`, async () => {
    results = await runSuite(cases, plain, behindProxy, other === undefined);
  });
  return results;
}

function addressOf(
  other: Readonly<Record<'gateway' | 'echo' | 'cookieName' | 'alice' | 'root', string | undefined>>,
): FixtureAddress {
  const { gateway, echo, cookieName, alice, root } = other;
  if (
    gateway === undefined ||
    echo === undefined ||
    cookieName === undefined ||
    alice === undefined ||
    root === undefined
  )
    throw new Error(`Another gateway needs --gateway, --echo, --cookie-name, --alice and --root.\n\n${help}`);
  return { gateway, echo, hosts: ['app.test', 'shop.test'], cookieName, cookies: { alice, root } };
}
