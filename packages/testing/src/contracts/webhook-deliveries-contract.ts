import type { ClaimedDelivery, DeliveryClaim, DeliveryRequest, WebhookDeliveries } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** An empty memory of deliveries under test. */
export interface WebhookDeliveriesFixture {
  readonly deliveries: WebhookDeliveries;
  /** The same store, as another gateway opens it. */
  readonly atAnotherGateway: WebhookDeliveries;
  breakDown(): void | Promise<void>;
  close(): void | Promise<void>;
}

export interface WebhookDeliveriesContractOptions {
  readonly name: string;
  /** Where compare-and-set is not atomic: FerretDB 1. An insert is. */
  readonly withoutRaces?: boolean;
  open(): Promise<WebhookDeliveriesFixture>;
}

const now = new Date('2026-11-30T08:00:00.000Z');
const seconds = (count: number): Date => new Date(now.getTime() + count * 1000);

/** What every memory of deliveries must do, wherever it remembers. */
export function webhookDeliveriesContract(options: WebhookDeliveriesContractOptions): void {
  describe(`webhook deliveries: ${options.name}`, () => {
    let fixture: WebhookDeliveriesFixture;
    let deliveries: WebhookDeliveries;
    beforeEach(async () => {
      fixture = await options.open();
      deliveries = fixture.deliveries;
    });
    afterEach(() => fixture.close());

    const request = (change: Partial<DeliveryRequest> = {}): DeliveryRequest => ({
      key: 'a',
      now,
      claimedUntil: seconds(60),
      expiresAt: seconds(900),
      ...change,
    });

    it('gives a new delivery to the first caller, and says to the next that it is in progress', async () => {
      expect((await deliveries.claim(request())).kind).toBe('claimed');
      expect(await deliveries.claim(request())).toEqual({ kind: 'in-progress' });
      expect(await fixture.atAnotherGateway.claim(request())).toEqual({ kind: 'in-progress' });
    });

    it('keeps keys apart', async () => {
      await deliveries.claim(request());
      expect((await deliveries.claim(request({ key: 'A' }))).kind).toBe('claimed');
    });

    it('calls a copy of what was completed delivered, at every gateway and long after the claim', async () => {
      await deliveries.complete(await taken(deliveries.claim(request())));
      expect(await deliveries.claim(request())).toEqual({ kind: 'delivered' });
      expect(await fixture.atAnotherGateway.claim(request({ now: seconds(10_000) }))).toEqual({ kind: 'delivered' });
    });

    it('gives out again what was released', async () => {
      await deliveries.release(await taken(deliveries.claim(request())));
      expect((await fixture.atAnotherGateway.claim(request())).kind).toBe('claimed');
    });

    it('does not give back what was completed', async () => {
      const claim = await taken(deliveries.claim(request()));
      await deliveries.complete(claim);
      await deliveries.release(claim);
      expect(await deliveries.claim(request())).toEqual({ kind: 'delivered' });
    });

    it('gives out again what a gateway that died had taken, once the time of its claim is over', async () => {
      const dead = await taken(deliveries.claim(request()));
      expect(await deliveries.claim(request({ now: seconds(59) }))).toEqual({ kind: 'in-progress' });
      const next = await taken(deliveries.claim(request({ now: seconds(60), claimedUntil: seconds(120) })));
      // Should it be alive after all, it changes nothing any more.
      await deliveries.release(dead);
      await deliveries.complete(dead);
      expect(await deliveries.claim(request({ now: seconds(61) }))).toEqual({ kind: 'in-progress' });
      await deliveries.complete(next);
      expect(await deliveries.claim(request({ now: seconds(61) }))).toEqual({ kind: 'delivered' });
    });

    it('gives one delivery to one of forty callers at two gateways', async () => {
      const gateways = [deliveries, fixture.atAnotherGateway];
      const asked = Array.from({ length: 20 }, () => gateways.map((gateway) => gateway.claim(request()))).flat();
      const outcomes = await Promise.all(asked);
      expect(kindsOf(outcomes)).toEqual({ claimed: 1, 'in-progress': 39 });
    });

    it.skipIf(options.withoutRaces === true)('gives a lapsed claim to one of forty callers', async () => {
      await deliveries.claim(request());
      const gateways = [deliveries, fixture.atAnotherGateway];
      const late = request({ now: seconds(61), claimedUntil: seconds(120) });
      const asked = Array.from({ length: 20 }, () => gateways.map((gateway) => gateway.claim(late))).flat();
      const outcomes = await Promise.all(asked);
      expect(kindsOf(outcomes)).toEqual({ claimed: 1, 'in-progress': 39 });
    });

    it('forgets what has expired, and nothing else', async () => {
      await deliveries.complete(await taken(deliveries.claim(request({ expiresAt: seconds(1) }))));
      await deliveries.complete(await taken(deliveries.claim(request({ key: 'b', expiresAt: seconds(3) }))));
      expect(await deliveries.deleteExpired(seconds(2))).toBe(1);
      expect((await deliveries.claim(request())).kind).toBe('claimed');
      expect(await deliveries.claim(request({ key: 'b' }))).toEqual({ kind: 'delivered' });
    });

    it('remembers a delivery for as long as its youngest copy would be believed', async () => {
      await deliveries.complete(await taken(deliveries.claim(request({ expiresAt: seconds(10) }))));
      const copy = request({ now: seconds(9), expiresAt: seconds(19) });
      expect(await fixture.atAnotherGateway.claim(copy)).toEqual({ kind: 'delivered' });
      expect(await deliveries.claim(request({ now: seconds(9), expiresAt: seconds(10) }))).toEqual({
        kind: 'delivered',
      });
      expect(await deliveries.deleteExpired(seconds(11))).toBe(0);
      expect(await deliveries.claim(request({ now: seconds(18) }))).toEqual({ kind: 'delivered' });
    });

    it('rejects with SP_STORE_UNAVAILABLE when the store does not answer', async () => {
      const claim = await taken(deliveries.claim(request()));
      await fixture.breakDown();
      const refusal = { code: 'SP_STORE_UNAVAILABLE' };
      await expect(deliveries.claim(request({ key: 'b' }))).rejects.toMatchObject(refusal);
      await expect(deliveries.complete(claim)).rejects.toMatchObject(refusal);
      await expect(deliveries.release(claim)).rejects.toMatchObject(refusal);
    });
  });
}

async function taken(outcome: Promise<ClaimedDelivery>): Promise<DeliveryClaim> {
  const settled = await outcome;
  if (settled.kind !== 'claimed') throw new TypeError(`the delivery is ${settled.kind}`);
  return settled.claim;
}

function kindsOf(outcomes: readonly ClaimedDelivery[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { kind } of outcomes) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
