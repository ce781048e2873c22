import type { Gateway } from '@sallyport/gateway';
import type { Registry } from 'prom-client';
import type { Reloader } from '../reload/reloader.ts';
import type { Control } from './control.ts';

export interface LocalControlParts {
  readonly gateway: Gateway;
  readonly registry: Registry | undefined;
  readonly isReady: () => boolean;
  readonly reloader: Reloader;
}

/** Answers operators for a gateway that is one process. */
export function createLocalControl({ gateway, registry, isReady, reloader }: LocalControlParts): Control {
  const startedAt = new Date().toISOString();
  return {
    metrics: async () =>
      registry === undefined
        ? { contentType: 'text/plain', text: '' }
        : { contentType: registry.contentType, text: await registry.metrics() },
    explain: (question) => gateway.explain(question),
    reload: () => reloader.reload(),
    status: () =>
      Promise.resolve({
        startedAt,
        workers: 1,
        ready: isReady() ? 1 : 0,
        configuration: reloader.condition(),
        processes: [process.pid],
      }),
  };
}
