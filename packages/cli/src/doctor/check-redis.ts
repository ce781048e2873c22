import { ConfigurationError, openConfiguredRedis } from '@sallyport/server';
import { SallyportError, silentLogger } from '@sallyport/core';
import { readRedisCondition, type Redis, type RedisCondition } from '@sallyport/stores';
import { checkClock } from './check-clock.ts';
import { messageOf, type Finding, type Settings } from './finding.ts';

const check = 'Redis';
const patienceMilliseconds = 5_000;

/** Looks at Redis: whether it answers and how fast, its clock, and whether it may throw sessions away. */
export async function checkRedis({ config, environment }: Settings): Promise<readonly Finding[]> {
  if (environment.redisUrl === undefined) return [];
  let redis: Redis | undefined;
  try {
    redis = openConfiguredRedis({ url: environment.redisUrl, config, logger: silentLogger });
    const begun = performance.now();
    await redis.ready(patienceMilliseconds);
    const connected = performance.now();
    await redis.command(`${redis.prefix}probe`, ['GET', `${redis.prefix}probe`]);
    const milliseconds = (performance.now() - connected).toFixed(1);
    const finding = `answers in ${milliseconds} ms; the first answer took ${(connected - begun).toFixed(1)} ms`;
    const askedAt = Date.now();
    const condition = await readRedisCondition(redis);
    const answeredAt = Date.now();
    return [
      { check, state: 'good', finding },
      ...(condition.time === undefined
        ? []
        : [checkClock('clock of Redis', 'Redis', { time: condition.time, askedAt, answeredAt })]),
      ...checkCondition(condition),
    ];
  } catch (error) {
    return [toFinding(error)];
  } finally {
    redis?.close();
  }
}

function toFinding(error: unknown): Finding {
  if (error instanceof ConfigurationError)
    return { check, state: 'bad', finding: error.problems.map(({ key, problem }) => `${key} ${problem}`).join('; ') };
  const word = error instanceof SallyportError ? error.reason : messageOf(error);
  return {
    check,
    state: 'bad',
    finding: `it does not answer, or does not let Sallyport in (${word ?? 'unknown'})`,
    fix: 'Check that it runs and that REDIS_URL points at it, with the user and the password.',
  };
}

function checkCondition(condition: RedisCondition): readonly Finding[] {
  const { time, evictionPolicy, isAppendOnly, isSavingBroken } = condition;
  const findings: Finding[] = [];
  if (time === undefined || evictionPolicy === undefined)
    findings.push({
      check,
      state: 'note',
      finding: 'this user may not ask how it is set up',
      fix: 'Allow it +info and +time, or see docs/operations/redis.md for how Redis should be.',
    });
  if (evictionPolicy !== undefined)
    findings.push(
      evictionPolicy === 'noeviction'
        ? { check: 'Redis when full', state: 'good', finding: 'it refuses writes, and throws nothing away' }
        : {
            check: 'Redis when full',
            state: 'bad',
            finding: `it throws sessions away (${evictionPolicy})`,
            fix: 'Set maxmemory-policy to noeviction.',
          },
    );
  if (isSavingBroken === true)
    findings.push({
      check: 'Redis on disk',
      state: 'bad',
      finding: 'its last write to the disk failed',
      fix: 'Look into its log, and whether its disk is full.',
    });
  else if (isAppendOnly !== undefined)
    findings.push(
      isAppendOnly
        ? { check: 'Redis on disk', state: 'good', finding: 'every write goes to its append-only file' }
        : {
            check: 'Redis on disk',
            state: 'note',
            finding: 'it keeps no append-only file: a restart ends every session that began after its last snapshot',
            fix: 'Set appendonly yes and appendfsync everysec.',
          },
    );
  return findings;
}
