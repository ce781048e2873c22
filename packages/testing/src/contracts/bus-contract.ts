import type { BusMessage, InvalidationBus, RevocationEvent } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** A bus under test. */
export interface BusFixture {
  readonly bus: InvalidationBus;
  close(): void | Promise<void>;
}

export interface BusContractOptions {
  readonly name: string;
  open(): Promise<BusFixture>;
}

/** What every invalidation bus must do for the listeners of the process that publishes. */
export function busContract(options: BusContractOptions): void {
  describe(`invalidation bus: ${options.name}`, () => {
    let fixture: BusFixture;
    let bus: InvalidationBus;
    beforeEach(async () => {
      fixture = await options.open();
      bus = fixture.bus;
    });
    afterEach(() => fixture.close());

    const listen = (): BusMessage[] => {
      const received: BusMessage[] = [];
      bus.subscribe((message) => received.push(message));
      return received;
    };

    it('delivers an event to every listener before it resolves', async () => {
      const [first, second] = [listen(), listen()];
      await bus.publish(eventOf('sid-1'));
      expect(first).toMatchObject([{ kind: 'revocation', event: eventOf('sid-1') }]);
      expect(second).toEqual(first);
    });

    it('numbers its events without a gap', async () => {
      const received = listen();
      await Promise.all(['a', 'b', 'c'].map((id) => bus.publish(eventOf(id))));
      const [first = 0, ...rest] = sequenceOf(received);
      expect(rest).toEqual([first + 1, first + 2]);
    });

    it('delivers nothing to a listener that left, nor what happened before it came', async () => {
      await bus.publish(eventOf('before'));
      const received: BusMessage[] = [];
      const leave = bus.subscribe((message) => received.push(message));
      await bus.publish(eventOf('during'));
      leave();
      leave();
      await bus.publish(eventOf('after'));
      expect(idsOf(received)).toEqual(['during']);
    });

    it('ends only one of two subscriptions of the same function', async () => {
      const received: BusMessage[] = [];
      const listener = (message: BusMessage): void => void received.push(message);
      const leave = bus.subscribe(listener);
      bus.subscribe(listener);
      leave();
      await bus.publish(eventOf('a'));
      expect(idsOf(received)).toEqual(['a']);
    });

    it('does not let a listener that throws keep an event from the others', async () => {
      const before = listen();
      bus.subscribe(() => {
        throw new Error('a listener failed');
      });
      const after = listen();
      await bus.publish(eventOf('a'));
      await bus.publish(eventOf('b'));
      expect(idsOf(before)).toEqual(['a', 'b']);
      expect(idsOf(after)).toEqual(['a', 'b']);
    });

    it('sends a gap to a listener that failed on an event, so that it drops what it cached', async () => {
      const received: string[] = [];
      bus.subscribe(({ kind }) => {
        received.push(kind);
        if (kind === 'revocation') throw new Error('a listener failed');
      });
      await bus.publish(eventOf('a'));
      expect(received).toEqual(['revocation', 'gap']);
    });

    it('delivers events in order although a listener publishes another', async () => {
      bus.subscribe((message) => {
        if (message.kind === 'revocation' && message.event.id === 'first') void bus.publish(eventOf('second'));
      });
      const received = listen();
      await bus.publish(eventOf('first'));
      expect(idsOf(received)).toEqual(['first', 'second']);
    });
  });
}

function eventOf(id: string): Omit<RevocationEvent, 'seq'> {
  return { kind: 'session', id, minGeneration: 2, at: new Date('2026-03-01T09:00:00Z'), reason: 'signed-out' };
}

function eventsOf(messages: readonly BusMessage[]): readonly RevocationEvent[] {
  return messages.flatMap((message) => (message.kind === 'revocation' ? [message.event] : []));
}

function idsOf(messages: readonly BusMessage[]): readonly string[] {
  return eventsOf(messages).map(({ id }) => id);
}

function sequenceOf(messages: readonly BusMessage[]): readonly number[] {
  return eventsOf(messages).map(({ seq }) => seq);
}
