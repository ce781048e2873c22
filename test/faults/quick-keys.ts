import type { Config } from '@sallyport/server';

const secondsPerDay = 86_400;

/** Keys that sign for a few seconds and may be kept for one. */
export function quickKeysOf(environment: Readonly<Record<string, string | undefined>>): Config['keys'] {
  const rotationSeconds = Number(environment['TEST_ROTATION_SECONDS'] ?? 2.1);
  return { algorithm: 'ES256', rotationDays: rotationSeconds / secondsPerDay, cacheSeconds: 1 };
}
