import { randomUUID } from 'node:crypto';
import {
  deleteInBatches,
  isDuplicateRow,
  recordModels,
  retryContended,
  type RecordFilter,
  type Records,
  type RecordTable,
  type WebhookDeliveries,
} from '@sallyport/core';
import { withStoreErrors } from './store-error.ts';

const model = recordModels.webhookDelivery;

/** Deliveries of webhooks that were taken: one row each, for as long as a copy of it might be believed. */
export const webhookDeliveryTable = {
  model,
  columns: {
    /** A hash: of two gateways that insert one delivery, the unique index refuses the second. */
    key: { type: 'string', required: true, unique: true },
    /** Who takes it; another one for every attempt. Compare-and-set on it lets one of several take it over. */
    holder: { type: 'string', required: true },
    state: { type: 'string', required: true },
    claimedUntil: { type: 'date', required: true },
    expiresAt: { type: 'date', required: true, index: true },
  },
} as const satisfies RecordTable;

interface DeliveryRow {
  readonly holder: string;
  readonly state: string;
  readonly claimedUntil: Date;
  readonly expiresAt: Date;
}

/** Builds the memory of deliveries on rows. An expired row still counts until it is deleted. */
export function createWebhookDeliveries(rawRecords: Records): WebhookDeliveries {
  const records = withStoreErrors(rawRecords);
  return {
    claim: ({ key, now, claimedUntil, expiresAt }) =>
      retryContended({ maxAttempts: 5, code: 'SP_STORE_UNAVAILABLE' }, async () => {
        const holder = randomUUID();
        const taken = { holder, state: 'claimed', claimedUntil, expiresAt };
        const claimed = { kind: 'claimed', claim: { key, holder } } as const;
        try {
          await records.create({ model, data: { key, ...taken } });
          return claimed;
        } catch (error) {
          if (!isDuplicateRow(error)) throw error;
        }
        const row = await records.findOne<DeliveryRow>({ model, where: [is('key', key)] });
        // Released meanwhile.
        if (row === null) return 'retry';
        if (row.state === 'delivered') {
          // Signed anew, with a later time: that copy is believed for longer than the first would have been.
          if (row.expiresAt < expiresAt)
            await records.updateMany({ model, where: [is('key', key)], update: { expiresAt } });
          return { kind: 'delivered' };
        }
        if (now < row.claimedUntil) return { kind: 'in-progress' };
        const where = [is('key', key), is('holder', row.holder), is('state', 'claimed')];
        const count = await records.updateMany({ model, where, update: taken });
        return count === 1 ? claimed : 'retry';
      }),
    complete: async ({ key, holder }) => {
      const where = [is('key', key), is('holder', holder)];
      await records.updateMany({ model, where, update: { state: 'delivered' } });
    },
    release: async ({ key, holder }) => {
      await records.deleteMany({ model, where: [is('key', key), is('holder', holder), is('state', 'claimed')] });
    },
    deleteExpired: (now) => deleteInBatches(records, model, [{ field: 'expiresAt', operator: 'lt', value: now }]),
  };
}

function is(field: string, value: string): RecordFilter {
  return { field, value };
}
