import { SallyportError, silentLogger } from '@sallyport/core';
import {
  openConfiguredRedis,
  readRedisContext,
  redisChecks,
  runChecks,
  toFindings,
  waitForRedis,
} from '@sallyport/server';
import type { Redis } from '@sallyport/stores';
import { toFinding, type Finding, type Settings } from './finding.ts';

const check = 'Redis';
const patienceMilliseconds = 5_000;

/** Looks at Redis: whether it answers and how fast, and whether it is as the start demands. */
export async function checkRedis({ config, environment }: Settings): Promise<readonly Finding[]> {
  if (environment.redisUrl === undefined) return [];
  let redis: Redis | undefined;
  try {
    redis = openConfiguredRedis({ url: environment.redisUrl, config, logger: silentLogger });
    const begun = performance.now();
    await waitForRedis(redis, patienceMilliseconds);
    const connected = performance.now();
    await redis.command(`${redis.prefix}probe`, ['GET', `${redis.prefix}probe`]);
    const milliseconds = (performance.now() - connected).toFixed(1);
    const finding = `answers in ${milliseconds} ms; the first answer took ${(connected - begun).toFixed(1)} ms`;
    const found = await runChecks(redisChecks, await readRedisContext(redis));
    return [{ check, state: 'good', finding }, ...found.map(toFinding)];
  } catch (error) {
    return describeFailure(error);
  } finally {
    redis?.close();
  }
}

function describeFailure(error: unknown): readonly Finding[] {
  // It answered a moment ago.
  if (error instanceof SallyportError)
    return [
      { check, state: 'bad', finding: `it does not answer (${error.reason ?? 'unknown'})`, fix: 'Look at its log.' },
    ];
  return toFindings(error).map((found) => toFinding({ check, found }));
}
