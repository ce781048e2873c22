import { recordModels, type RecordTable } from '@sallyport/core';

/** The table in which gateways write that they run: one row for all of them. */
export const heartbeatTable = {
  model: recordModels.heartbeat,
  columns: {
    name: { type: 'string', required: true, unique: true },
    /** By the clock of the database. */
    at: { type: 'date', required: true },
    /** How often every session was ended because the stores may have been restored. */
    epoch: { type: 'number', required: true },
  },
} as const satisfies RecordTable;
