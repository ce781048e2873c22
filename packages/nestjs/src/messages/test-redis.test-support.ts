/** The Redis of a test run; empty where there is none, so that its tests are skipped. */
export const testRedisUrl = process.env['TEST_REDIS_URL'] ?? '';
