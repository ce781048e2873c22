import { countWorkers } from '../workers/count-workers.ts';
import { findingsOf } from './findings-of.ts';
import type { StartCheck } from './start-context.ts';

/** Whether several processes share what they must. */
export const checkWorkers: StartCheck = {
  name: 'workers',
  run: ({ config, environment }) => {
    let count = 1;
    const failures = findingsOf(() => {
      count = countWorkers(config, environment);
    });
    return failures.length > 0 || count === 1 ? failures : [{ kind: 'ok', finding: `${count} processes serve` }];
  },
};
