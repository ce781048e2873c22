import type { Route } from '@sallyport/core';
import type { UpstreamTarget } from './upstream-target.ts';

/** One failure may be an accident. */
const failuresUntilUnhealthy = 2;

/** Asks a target on a schedule, until the returned function is called. It is healthy until it has failed. */
export function startHealthChecks(target: UpstreamTarget, health: NonNullable<Route['health']>): () => void {
  let failuresInARow = 0;
  let isInFlight = false;

  const check = async (): Promise<void> => {
    // One that takes longer than the interval is not asked twice at a time.
    if (isInFlight) return;
    isInFlight = true;
    failuresInARow = (await answersWell(target, health)) ? 0 : failuresInARow + 1;
    if (failuresInARow === 0) target.checked(true);
    else if (failuresInARow >= failuresUntilUnhealthy) target.checked(false);
    isInFlight = false;
  };
  const timer = setInterval(() => void check(), health.intervalSeconds * 1000).unref();
  return () => clearInterval(timer);
}

async function answersWell(
  target: UpstreamTarget,
  { path, timeoutMilliseconds }: NonNullable<Route['health']>,
): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(timeoutMilliseconds);
    // By the name that requests use: undici gives a connection up for another name.
    const options = { path, method: 'GET', signal, servername: target.serverName } as const;
    const { statusCode, body } = await target.request(options);
    await body.dump();
    return statusCode < 400;
  } catch {
    return false;
  }
}
