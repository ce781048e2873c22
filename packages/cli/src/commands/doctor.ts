import { exitCodes } from '@sallyport/core';
import { ConfigurationError, readConfiguredRootSecret, runChecks, startChecks, zoneChecks } from '@sallyport/server';
import type { SecretVersion } from '@sallyport/stores';
import type { Command, CommandCall } from '../command.ts';
import { checkDatabase } from '../doctor/check-database.ts';
import { checkRedis } from '../doctor/check-redis.ts';
import { checkRunning } from '../doctor/check-running.ts';
import { toFinding, type Finding, type Settings } from '../doctor/finding.ts';
import { loadSettings } from '../open-system.ts';
import { toTable } from '../table.ts';

/** Looks for what keeps a deployment from starting, or from being safe. */
export const doctor: Command = {
  name: 'doctor',
  summary: 'Looks for what keeps a deployment from starting, or from being safe',
  notes: [
    'Exit code 1 for what is BAD, with which no gateway starts, and for a WARNING, with which it starts and is not safe.',
    'It changes nothing, and may run beside a gateway.',
  ],
  run: async (call) => {
    const findings: Finding[] = [checkNode()];
    const settings = await readSettings(call, findings);
    if (settings !== undefined) {
      // What the start demands, run dry: both run the same lists.
      findings.push(...(await runChecks(startChecks, settings)).map(toFinding));
      const others = await Promise.all([
        checkDatabase(settings, readSecretVersions(settings)),
        checkRedis(settings),
        checkRunning(settings),
        runChecks(zoneChecks, settings).then((found) => found.map(toFinding)),
      ]);
      findings.push(...others.flat());
    }
    const signs = { good: 'ok', note: 'note', warning: 'WARNING', bad: 'BAD' } as const;
    const rows = findings.flatMap(({ check, state, finding, fix }) => {
      const [first = '', ...others] = (fix === undefined ? finding : `${finding}. ${fix}`).split('\n');
      // The place in a configuration file that cannot be loaded takes several lines.
      return [[signs[state], check, first], ...others.map((line) => ['', '', line])];
    });
    call.report({ findings }, toTable(['', 'CHECK', 'FINDING'], rows));
    return findings.some(({ state }) => state === 'bad' || state === 'warning') ? exitCodes.refused : exitCodes.done;
  },
};

function checkNode(): Finding {
  const { node } = process.versions;
  return Number(node.split('.')[0]) >= 24
    ? { check: 'Node', state: 'good', finding: node }
    : { check: 'Node', state: 'note', finding: node, fix: 'Node 24 is what Sallyport is tested on.' };
}

async function readSettings({ terminal }: CommandCall, findings: Finding[]): Promise<Settings | undefined> {
  try {
    const settings = await loadSettings(terminal, startChecks);
    const { config, preset } = settings;
    findings.push({
      check: 'configuration',
      state: 'good',
      finding: `${preset === undefined ? '' : `${preset.name}, `}${config.routes.length} routes, ${config.publicUrl}`,
    });
    return settings;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    for (const { key, problem } of error.problems)
      findings.push({
        check: key.startsWith('secrets.from.') ? 'secrets' : 'configuration',
        state: 'bad',
        finding: `${key} ${problem}`,
      });
    return undefined;
  }
}

/** A secret that cannot be used is found by the checks of the start. */
function readSecretVersions(settings: Settings): readonly SecretVersion[] | undefined {
  try {
    return readConfiguredRootSecret(settings);
  } catch {
    return undefined;
  }
}
