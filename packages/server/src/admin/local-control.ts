import type { Gateway } from '@sallyport/gateway';
import type { PrometheusMeter } from '../metrics/prometheus-meter.ts';
import type { Operations } from '../operations/operations.ts';
import type { Reloader } from '../reload/reloader.ts';
import type { SecretsRefresher } from '../secrets/secrets-refresher.ts';
import type { Control } from './control.ts';

export interface LocalControlParts {
  readonly gateway: Gateway;
  readonly meter: PrometheusMeter | undefined;
  readonly isReady: () => boolean;
  readonly reloader: Reloader;
  readonly refresher: SecretsRefresher;
  readonly operations: Operations;
}

/** Answers operators for a gateway that is one process. */
export function createLocalControl(parts: LocalControlParts): Control {
  const { gateway, meter, isReady, reloader, refresher, operations } = parts;
  const startedAt = new Date().toISOString();
  return {
    metrics: async () =>
      meter === undefined
        ? { contentType: 'text/plain', text: '' }
        : { contentType: meter.contentType, text: await meter.text() },
    explain: (question) => gateway.explain(question),
    operate: (name, input, context) => operations.run(name, input, context),
    reload: async () => ({ ...(await reloader.reload()), secrets: await refresher.refresh() }),
    status: () =>
      Promise.resolve({
        startedAt,
        workers: 1,
        ready: isReady() ? 1 : 0,
        configuration: reloader.condition(),
        secrets: refresher.condition(),
        processes: [process.pid],
      }),
  };
}
