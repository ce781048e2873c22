import type { Door } from '@sallyport/gateway';
import type { Registry } from 'prom-client';
import type { Control } from './control.ts';

export interface LocalControlParts {
  readonly door: Door;
  readonly registry: Registry;
  readonly isReady: () => boolean;
}

/** Answers operators for a gateway that is one process. */
export function createLocalControl({ door, registry, isReady }: LocalControlParts): Control {
  const startedAt = new Date().toISOString();
  return {
    metrics: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
    explain: (question) => door.explain(question),
    status: () => Promise.resolve({ startedAt, workers: 1, ready: isReady() ? 1 : 0 }),
  };
}
