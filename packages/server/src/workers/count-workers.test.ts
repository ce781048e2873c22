import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../config/environment.ts';
import { parseConfig } from '../config/parse-config.ts';
import { testPolicy } from '../test-support/test-preset.ts';
import { testRoutes } from '../test-support/test-routes.ts';
import { countWorkers } from './count-workers.ts';

describe('how many processes serve', () => {
  const config = (workers: number | 'auto') =>
    parseConfig(
      { publicUrl: 'http://localhost:1', policy: testPolicy, routes: testRoutes('http://127.0.0.1:9'), workers },
      'test',
    );
  const shared = { DATABASE_URL: 'postgres://db.test/a', REDIS_URL: 'redis://cache.test' };

  it.each([
    { workers: 2, variables: {}, says: /workers.*needs REDIS_URL and DATABASE_URL/ },
    { workers: 2, variables: { DATABASE_URL: shared.DATABASE_URL }, says: /needs REDIS_URL:/ },
    { workers: 2, variables: { REDIS_URL: shared.REDIS_URL }, says: /needs DATABASE_URL:/ },
    { workers: 'auto' as const, variables: {}, says: /workers/ },
  ])('is refused for $workers with $variables', ({ workers, variables, says }) => {
    expect(() => countWorkers(config(workers), readEnvironment(variables))).toThrow(says);
  });

  it('is one without any of them, what is asked for with both, and one per core for "auto"', () => {
    expect(countWorkers(config(1), readEnvironment({}))).toBe(1);
    expect(countWorkers(config(3), readEnvironment(shared))).toBe(3);
    expect(countWorkers(config('auto'), readEnvironment(shared))).toBeGreaterThan(0);
  });
});
