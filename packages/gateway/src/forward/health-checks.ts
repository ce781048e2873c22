import type { Route } from '@sallyport/core';
import type { UpstreamTarget } from './upstream-target.ts';

/** One failure may be an accident. */
const failuresUntilUnhealthy = 2;

/** Asks each target on a schedule, until the returned function is called. A target is healthy until it has failed. */
export function startHealthChecks(
  targets: readonly UpstreamTarget[],
  health: NonNullable<Route['health']>,
): () => void {
  const failures = new Map<UpstreamTarget, number>();
  const underWay = new Set<UpstreamTarget>();

  const check = async (target: UpstreamTarget): Promise<void> => {
    // One that takes longer than the interval is not asked twice at a time.
    if (underWay.has(target)) return;
    underWay.add(target);
    const failuresInARow = (await answersWell(target, health)) ? 0 : (failures.get(target) ?? 0) + 1;
    failures.set(target, failuresInARow);
    if (failuresInARow === 0) target.checked(true);
    else if (failuresInARow >= failuresUntilUnhealthy) target.checked(false);
    underWay.delete(target);
  };
  const timer = setInterval(() => {
    for (const target of targets) void check(target);
  }, health.intervalSeconds * 1000).unref();
  return () => clearInterval(timer);
}

async function answersWell(
  { pool, serverName }: UpstreamTarget,
  { path, timeoutMilliseconds }: NonNullable<Route['health']>,
): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(timeoutMilliseconds);
    // By the name that requests use: undici gives a connection up for another name.
    const options = { path, method: 'GET', signal, servername: serverName } as const;
    const { statusCode, body } = await pool.request(options);
    await body.dump();
    return statusCode < 400;
  } catch {
    return false;
  }
}
