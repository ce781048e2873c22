import { ConfigurationError, countWorkers } from '@sallyport/server';
import { isLoopbackHost } from '@sallyport/core';
import * as z from 'zod';
import { findAdminUrl } from '../admin-url.ts';
import type { Finding, Settings } from './finding.ts';

const statusSchema = z.object({
  workers: z.number(),
  ready: z.number(),
  configuration: z.object({
    refused: z.object({ problems: z.array(z.object({ key: z.string(), problem: z.string() })) }).optional(),
  }),
});

const patienceMilliseconds = 5_000;

/** Looks at how the gateway runs: workers, the admin listener, and what a running gateway says of itself. */
export async function checkRunning(settings: Settings): Promise<readonly Finding[]> {
  return [...checkWorkers(settings), ...checkAdmin(settings), ...(await checkGateway(settings))];
}

function checkWorkers({ config, environment }: Settings): readonly Finding[] {
  const check = 'workers';
  try {
    const count = countWorkers(config, environment);
    return count === 1 ? [] : [{ check, state: 'good', finding: `${count} processes serve` }];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.map(({ key, problem }) => ({ check, state: 'bad', finding: `${key} ${problem}` }));
  }
}

function checkAdmin({ config, environment }: Settings): readonly Finding[] {
  const check = 'admin listener';
  if (config.admin === undefined) return [];
  const { host } = config.admin;
  if (isLoopbackHost(host.toLowerCase()))
    return [{ check, state: 'good', finding: 'on loopback: only this machine reaches it' }];
  return environment.adminToken === undefined
    ? [{ check, state: 'bad', finding: 'open to the network, without a token', fix: 'Set SALLYPORT_ADMIN_TOKEN_FILE.' }]
    : [{ check, state: 'good', finding: 'open to the network, for who has the token' }];
}

/** A gateway that does not run is nothing to find fault with. */
async function checkGateway(settings: Settings): Promise<readonly Finding[]> {
  const check = 'running gateway';
  const url = findAdminUrl(settings);
  if (url === undefined) return [];
  const { adminToken } = settings.environment;
  let body: unknown;
  try {
    const answer = await fetch(`${url}/status`, {
      redirect: 'error',
      headers: adminToken === undefined ? {} : { authorization: `Bearer ${adminToken}` },
      signal: AbortSignal.timeout(patienceMilliseconds),
    });
    body = await answer.json();
  } catch {
    return [];
  }
  const status = statusSchema.safeParse(body);
  if (!status.success)
    return [
      { check, state: 'note', finding: 'its admin listener does not say how it is', fix: 'Is the token the same?' },
    ];
  const { workers, ready, configuration } = status.data;
  const problems = configuration.refused?.problems ?? [];
  return [
    ready === workers
      ? { check, state: 'good', finding: `serves with ${workers} ${workers === 1 ? 'process' : 'processes'}` }
      : { check, state: 'bad', finding: `${ready} of ${workers} processes are ready`, fix: 'Look at its stores.' },
    ...problems.map(({ key, problem }): Finding => ({
      check: 'reload',
      state: 'bad',
      finding: `the configuration before is still in use: ${key} ${problem}`,
      fix: 'Correct it and reload again.',
    })),
  ];
}
