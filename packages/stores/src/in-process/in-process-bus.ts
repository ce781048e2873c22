import {
  silentLogger,
  type BusMessage,
  type InvalidationBus,
  type LogFields,
  type Logger,
  type RevocationEvent,
} from '@sallyport/core';

export interface InProcessBusOptions {
  /** @default silentLogger */
  readonly logger?: Logger;
}

/** The bus of one process, which can also tell its listeners that they may have missed something. */
export interface InProcessBus extends InvalidationBus {
  /** Makes every listener drop what it cached. */
  announceGap(): void;
}

type Listener = (message: BusMessage) => void;

/**
 * Builds the bus of a deployment with one gateway process.
 *
 * Every listener has heard an event when `publish` resolves. A listener that throws does not keep it from the others: it
 * is told of a gap, so that it drops what it cached, and the failure is logged.
 */
export function createInProcessBus(options: InProcessBusOptions = {}): InProcessBus {
  const { logger = silentLogger } = options;
  const subscriptions = new Map<symbol, Listener>();
  const waiting: RevocationEvent[] = [];
  let seq = 0;
  let isDelivering = false;

  // A listener that publishes must not make others hear the second event before the first: events wait in line.
  const deliverWaiting = (): void => {
    if (isDelivering) return;
    isDelivering = true;
    for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) {
      for (const listener of subscriptions.values()) deliver(listener, event, logger);
    }
    isDelivering = false;
  };

  return {
    announceGap: () => {
      for (const listener of subscriptions.values()) deliverGap(listener, logger, {});
    },
    publish: async (event) => {
      seq += 1;
      waiting.push(Object.freeze({ ...event, seq }));
      deliverWaiting();
    },
    subscribe: (listener) => {
      const subscription = Symbol('subscription');
      subscriptions.set(subscription, listener);
      return () => {
        subscriptions.delete(subscription);
      };
    },
  };
}

function deliver(listener: Listener, event: RevocationEvent, logger: Logger): void {
  const fields = { seq: event.seq, kind: event.kind, id: event.id };
  try {
    listener({ kind: 'revocation', event });
  } catch (error) {
    logger.error('a listener failed on a revocation', { ...fields, error: nameOf(error) });
    deliverGap(listener, logger, fields);
  }
}

function deliverGap(listener: Listener, logger: Logger, fields: LogFields): void {
  try {
    listener({ kind: 'gap' });
  } catch (error) {
    logger.error('a listener failed on a gap and may serve what was revoked', { ...fields, error: nameOf(error) });
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
