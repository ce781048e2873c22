import { silentLogger, type InvalidationBus, type Logger } from '@sallyport/core';
import { createBusListeners } from '../bus-listeners.ts';

export interface InProcessBusOptions {
  /** @default silentLogger */
  readonly logger?: Logger;
}

/** The bus of one process, which can also announce a gap to its listeners. */
export interface InProcessBus extends InvalidationBus {
  /** Makes every listener drop what it cached. */
  announceGap(): void;
}

/**
 * Builds the bus of a deployment with one gateway process. It is always connected.
 *
 * Every listener has an event when `publish` resolves. A listener that throws does not keep it from the others: it
 * gets a gap, so that it drops what it cached, and the failure is logged.
 */
export function createInProcessBus(options: InProcessBusOptions = {}): InProcessBus {
  const listeners = createBusListeners(options.logger ?? silentLogger);
  let seq = 0;

  return {
    publish: async (event) => {
      seq += 1;
      listeners.deliver({ kind: 'revocation', event: Object.freeze({ ...event, seq }) });
    },
    subscribe: (listener) => listeners.subscribe(listener),
    isConnected: () => true,
    announceGap: () => listeners.deliver({ kind: 'gap' }),
  };
}
