import type { RecordTable } from '@sallyport/core';
import { leaseTable } from './claims/lease.ts';
import { keyTable } from './keys/key-table.ts';
import { endedSessionTable } from './records/ended-session-table.ts';
import { heartbeatTable } from './records/heartbeat-table.ts';
import { sessionTable } from './records/session-table.ts';
import { webhookDeliveryTable } from './records/webhook-deliveries.ts';

/** Every table that the stores keep in the database of identity: what a start and a migration make. */
export const storeTables: readonly RecordTable[] = [
  sessionTable,
  endedSessionTable,
  heartbeatTable,
  keyTable,
  leaseTable,
  webhookDeliveryTable,
];
