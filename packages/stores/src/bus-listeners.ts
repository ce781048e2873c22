import type { BusMessage, Logger } from '@sallyport/core';

/** The listeners of this process on a bus. */
export interface BusListeners {
  subscribe(listener: Listener): () => void;
  /** Delivers a message to every listener, or queues it behind the one that is being delivered. */
  deliver(message: BusMessage): void;
}

type Listener = (message: BusMessage) => void;

/**
 * Builds the list of listeners. One that throws does not keep a message from the others: it gets a gap, so that it drops
 * what it cached, and the failure is logged.
 */
export function createBusListeners(logger: Logger): BusListeners {
  const subscriptions = new Map<symbol, Listener>();
  const waiting: BusMessage[] = [];
  let isDelivering = false;

  return {
    subscribe: (listener) => {
      const subscription = Symbol('subscription');
      subscriptions.set(subscription, listener);
      return () => {
        subscriptions.delete(subscription);
      };
    },
    // A listener that publishes must not make others receive the second event before the first: messages are queued.
    deliver: (message) => {
      waiting.push(message);
      if (isDelivering) return;
      isDelivering = true;
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        for (const listener of subscriptions.values()) deliverTo(listener, next, logger);
      }
      isDelivering = false;
    },
  };
}

function deliverTo(listener: Listener, message: BusMessage, logger: Logger): void {
  const fields =
    message.kind === 'gap' ? {} : { seq: message.event.seq, kind: message.event.kind, id: message.event.id };
  try {
    listener(message);
  } catch (error) {
    logger.error('a listener failed on a revocation', {
      event: 'revocation-listener-failed',
      ...fields,
      error: nameOf(error),
    });
    try {
      listener({ kind: 'gap' });
    } catch (gapError) {
      logger.error('a listener failed on a gap and may serve what was revoked', {
        event: 'gap-listener-failed',
        ...fields,
        error: nameOf(gapError),
      });
    }
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
