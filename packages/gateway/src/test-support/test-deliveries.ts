import { SallyportError, type DeliveryClaim, type WebhookDeliveries } from '@sallyport/core';

/** Deliveries in memory, which can be made to fail or to wait. */
export interface TestDeliveries extends WebhookDeliveries {
  /** Called at the start of each call, with its name: throws what the store is to reject with. */
  before: (call: 'claim' | 'complete' | 'release') => Promise<void> | void;
  readonly states: ReadonlyMap<string, string>;
}

/** What a store rejects with that does not answer. */
export function storeOutage(): SallyportError {
  return new SallyportError('SP_STORE_UNAVAILABLE', { reason: 'test' });
}

/** Builds an empty memory, for one gateway or for several. */
export function createTestDeliveries(): TestDeliveries {
  const rows = new Map<string, { holder: string; state: string; claimedUntil: number }>();
  let holders = 0;
  const isHeldBy = ({ key, holder }: DeliveryClaim): boolean => rows.get(key)?.holder === holder;
  const deliveries: TestDeliveries = {
    before: () => {},
    get states() {
      return new Map([...rows].map(([key, { state }]) => [key, state]));
    },
    claim: async ({ key, now, claimedUntil }) => {
      await deliveries.before('claim');
      const row = rows.get(key);
      if (row?.state === 'delivered') return { kind: 'delivered' };
      if (row !== undefined && now.getTime() < row.claimedUntil) return { kind: 'in-progress' };
      const holder = String(holders++);
      rows.set(key, { holder, state: 'claimed', claimedUntil: claimedUntil.getTime() });
      return { kind: 'claimed', claim: { key, holder } };
    },
    complete: async (claim) => {
      await deliveries.before('complete');
      const row = rows.get(claim.key);
      if (row !== undefined && isHeldBy(claim)) row.state = 'delivered';
    },
    release: async (claim) => {
      await deliveries.before('release');
      if (isHeldBy(claim) && rows.get(claim.key)?.state === 'claimed') rows.delete(claim.key);
    },
    deleteExpired: async () => 0,
  };
  return deliveries;
}
