import { Schema, type Connection } from 'mongoose';
import type { HeldLine } from './hold.ts';

/**
 * A hold as MongoDB keeps it. The attempt belongs to the call that takes it, and names its changes of the products.
 *
 * `taking` → `held` → `kept` → `returning` → `released`; what was not kept goes over `undoing` and is deleted.
 */
export interface HoldDocument {
  readonly _id: string;
  readonly buyerId: string;
  readonly lines: readonly HeldLine[];
  readonly state: 'taking' | 'held' | 'undoing' | 'kept' | 'returning' | 'released';
  readonly attempt: string;
  readonly attemptedAt: Date;
  readonly expiresAt: Date;
}

const text = { type: String, required: true } as const;
const date = { type: Date, required: true } as const;

const holdDocumentSchema = new Schema<HoldDocument>(
  {
    _id: text,
    buyerId: text,
    lines: { type: Schema.Types.Mixed, required: true },
    state: text,
    attempt: text,
    attemptedAt: date,
    expiresAt: date,
  },
  {
    strict: 'throw',
    strictQuery: 'throw',
    autoCreate: false,
    autoIndex: false,
    collection: 'holds',
    versionKey: false,
  },
);
holdDocumentSchema.index({ state: 1, expiresAt: 1 });

/** The collection of holds. */
export function holdModel(connection: Connection) {
  return connection.model('Hold', holdDocumentSchema);
}

export type HoldModel = ReturnType<typeof holdModel>;
