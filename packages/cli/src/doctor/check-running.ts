import * as z from 'zod';
import { findAdminUrl } from '../admin-url.ts';
import type { Finding, Settings } from './finding.ts';

const refusalSchema = z.object({ problems: z.array(z.object({ key: z.string(), problem: z.string() })) }).optional();

const statusSchema = z.object({
  workers: z.number(),
  ready: z.number(),
  configuration: z.object({
    refused: refusalSchema,
  }),
  // A gateway of the version before has none.
  secrets: z.object({ needRestart: z.array(z.string()), refused: refusalSchema }).optional(),
});

const patienceMilliseconds = 5_000;

/** Looks at what a running gateway says of itself. One that does not run is nothing to find fault with. */
export async function checkRunning(settings: Settings): Promise<readonly Finding[]> {
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
  const { workers, ready, configuration, secrets } = status.data;
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
    ...(secrets?.refused?.problems ?? []).map(({ key, problem }): Finding => ({
      check: 'secrets in use',
      state: 'warning',
      finding: `those before are still in use: ${key} ${problem}`,
      fix: 'Correct it; they are read again by themselves, and by a reload.',
    })),
    ...((secrets?.needRestart ?? []).length === 0
      ? []
      : [
          {
            check: 'secrets in use',
            state: 'warning',
            finding: `${secrets?.needRestart.join(', ')} differ from those in use`,
            fix: 'Start the gateway again.',
          } as const,
        ]),
  ];
}
