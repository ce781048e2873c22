import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError, examineCertificateFiles } from '@sallyport/server';
import { loadRootSecret, type SecretVersion } from '@sallyport/stores';
import type { Command, CommandCall } from '../command.ts';
import { checkDatabase } from '../doctor/check-database.ts';
import { checkRedis } from '../doctor/check-redis.ts';
import { checkRunning } from '../doctor/check-running.ts';
import { checkTokenSecret } from '../doctor/check-token-secret.ts';
import { messageOf, type Finding, type Settings } from '../doctor/finding.ts';
import { loadSettings } from '../open-system.ts';
import { exitCodes } from '../usage-error.ts';
import { toTable } from '../table.ts';

const millisecondsPerDay = 86_400_000;
const warnDaysBeforeExpiry = 14;

/** Looks for what keeps a deployment from starting, or from being safe. */
export const doctor: Command = {
  name: 'doctor',
  summary: 'Looks for what keeps a deployment from starting, or from being safe',
  notes: ['Exit code 1 when something is bad. It changes nothing, and may run beside a gateway.'],
  run: async (call) => {
    const findings: Finding[] = [checkNode()];
    const settings = await readSettings(call, findings);
    if (settings !== undefined) {
      const secret = checkSecret(settings);
      findings.push(...checkAddresses(settings), ...checkMail(settings), ...secret.findings);
      findings.push(...checkTokenSecret(settings, secret.versions));
      findings.push(...checkFiles(settings), ...checkTls(settings));
      const stores = await Promise.all([
        checkDatabase(settings, secret.versions),
        checkRedis(settings),
        checkRunning(settings),
      ]);
      findings.push(...stores.flat());
    }
    const signs = { good: 'ok', note: 'note', bad: 'BAD' } as const;
    const rows = findings.map(({ check, state, finding, fix }) => [
      signs[state],
      check,
      fix === undefined ? finding : `${finding}. ${fix}`,
    ]);
    call.report({ findings }, toTable(['', 'CHECK', 'FINDING'], rows));
    return findings.some(({ state }) => state === 'bad') ? exitCodes.refused : exitCodes.done;
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
    const settings = await loadSettings(terminal);
    const { config, isDemo } = settings;
    findings.push({
      check: 'configuration',
      state: 'good',
      finding: isDemo
        ? 'demo mode: there is no sallyport.config.ts'
        : `${config.routes.length} routes, ${config.publicUrl}`,
    });
    return settings;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    for (const { key, problem } of error.problems)
      findings.push({ check: 'configuration', state: 'bad', finding: `${key} ${problem}` });
    return undefined;
  }
}

function checkAddresses({ config }: Settings): readonly Finding[] {
  const { publicUrl, tls, trustedProxies } = config;
  if (!publicUrl.startsWith('https:') || tls !== undefined || trustedProxies.length > 0) return [];
  return [
    {
      check: 'trustedProxies',
      state: 'bad',
      finding: 'a proxy terminates TLS, but none is declared, so that all people seem to come from one address',
      fix: 'Name its address or network in trustedProxies: limits on guessing count by address.',
    },
  ];
}

function checkMail({ environment, isDemo }: Settings): readonly Finding[] {
  if (environment.smtpUrl !== undefined) return [{ check: 'mail', state: 'good', finding: 'SMTP_URL is set' }];
  return isDemo
    ? [{ check: 'mail', state: 'good', finding: 'the mailbox of the demo' }]
    : [{ check: 'mail', state: 'bad', finding: 'there is no mail server', fix: 'Set SMTP_URL, or SMTP_URL_FILE.' }];
}

/** The secret is read here alone: reading one that is absent would make it. */
function checkSecret({ config, environment, isDemo }: Settings): {
  readonly findings: readonly Finding[];
  readonly versions?: readonly SecretVersion[];
} {
  const check = 'root secret';
  const isInEnvironment = environment.secret !== undefined;
  if (!isInEnvironment && !existsSync(join(config.dataDir, 'root-secret'))) {
    const fix = `The first start generates one into ${config.dataDir}.`;
    return { findings: [{ check, state: 'note', finding: 'none yet', fix }] };
  }
  try {
    const versions = loadRootSecret({ dataDir: config.dataDir, environmentValue: environment.secret });
    const finding = `${isInEnvironment ? 'from the environment' : 'in the data folder'}, version ${versions.map(({ version }) => version).join(', ')}`;
    const isKept = isInEnvironment || isDemo || !environment.isProduction;
    const state = isKept ? 'good' : 'note';
    const fix = isKept ? {} : { fix: 'Keep a copy of it apart from the backup of the database.' };
    return { findings: [{ check, state, finding, ...fix }], versions };
  } catch (error) {
    return { findings: [{ check, state: 'bad', finding: messageOf(error) }] };
  }
}

function checkFiles({ config }: Settings): readonly Finding[] {
  if (process.platform === 'win32') return [];
  const names = ['root-secret', 'sallyport.db', 'sallyport.db-wal', 'demo-accounts.json'];
  const open = names
    .map((name) => join(config.dataDir, name))
    .filter((file) => existsSync(file) && (statSync(file).mode & 0o077) !== 0);
  if (open.length > 0)
    return open.map((file) => ({
      check: 'file modes',
      state: 'bad',
      finding: `${file} can be read by others`,
      fix: `Run "chmod 600 ${file}".`,
    }));
  return existsSync(config.dataDir)
    ? [{ check: 'file modes', state: 'good', finding: `${config.dataDir} is yours alone` }]
    : [];
}

/** The start refuses what is found here: both ask one function. */
function checkTls({ config }: Settings): readonly Finding[] {
  const { tls, publicUrl } = config;
  if (tls === undefined) return [];
  const check = 'TLS';
  const now = new Date();
  const { problems, expiresAt } = examineCertificateFiles(tls, publicUrl, now);
  if (problems.length > 0)
    return problems.map(({ key, problem }) => ({ check, state: 'bad', finding: `${key} ${problem}` }));
  const days = Math.floor((expiresAt.getTime() - now.getTime()) / millisecondsPerDay);
  if (days < warnDaysBeforeExpiry)
    return [{ check, state: 'note', finding: `the certificate expires in ${days} days`, fix: 'Renew it.' }];
  const { hostname } = new URL(publicUrl);
  return [{ check, state: 'good', finding: `the certificate is for ${hostname} and lives for ${days} days` }];
}
