import { randomBytes } from 'node:crypto';

/** The Redis on which tests run; `npm test` starts one and names it here. */
// oxlint-disable-next-line node/no-process-env -- `npm test` passes the addresses of its servers
export const testRedisUrl = process.env['TEST_REDIS_URL'];

/** A prefix of its own for each test: they share the server. */
export function randomPrefix(): string {
  return `test-${randomBytes(9).toString('hex')}:`;
}
