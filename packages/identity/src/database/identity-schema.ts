import { randomUUID } from 'node:crypto';
import type { BetterAuthOptions } from 'better-auth';
import { recordModels, type RecordTable } from '@sallyport/core';
import { appliedPolicyTable } from '../accounts/applied-roles.ts';

/** What Better Auth must know to make and to use the tables; the same for migrations and for the engine. */
export type IdentitySchema = Pick<
  BetterAuthOptions,
  'user' | 'session' | 'advanced' | 'plugins' | 'telemetry' | 'logger'
>;

const ownTables: readonly RecordTable[] = [
  {
    model: recordModels.role,
    columns: {
      name: { type: 'string', required: true, unique: true },
      permissions: { type: 'string', required: true },
      generation: { type: 'number', required: true },
      updatedAt: { type: 'date', required: true },
    },
  },
  appliedPolicyTable,
  {
    model: recordModels.event,
    columns: {
      type: { type: 'string', required: true, index: true },
      at: { type: 'date', required: true, index: true },
      outcome: { type: 'string', required: true },
      actor: { type: 'string', required: false },
      target: { type: 'string', required: false, index: true },
      sid: { type: 'string', required: false },
      requestId: { type: 'string', required: true },
      address: { type: 'string', required: true },
      details: { type: 'string', required: true },
    },
  },
];

/** Links are found by their user, too, and deleted when they expire; Better Auth finds them by their token alone. */
const linkIndexes = {
  verification: {
    fields: {},
    indexes: [
      { name: 'sallyport_verification_value', fields: ['value'] as const },
      { name: 'sallyport_verification_expires', fields: ['expiresAt'] as const },
    ],
  },
};

/** Describes Better Auth's own tables, those of the kernel, and those of features and stores that the composition hands in. */
export function identitySchema(tables: readonly RecordTable[]): IdentitySchema {
  return {
    user: {
      additionalFields: {
        // Space-separated, because lists are stored differently by every database.
        roles: { type: 'string', required: true, defaultValue: '', input: false },
        generation: { type: 'number', required: true, defaultValue: 1, input: false },
        bannedAt: { type: 'date', required: false, input: false },
        bannedUntil: { type: 'date', required: false, input: false },
        banReason: { type: 'string', required: false, input: false },
        expiresAt: { type: 'date', required: false, index: true, input: false },
      },
    },
    session: {
      additionalFields: {
        acr: { type: 'string', required: false, input: false },
        amr: { type: 'string', required: false, input: false },
        authTime: { type: 'date', required: false, input: false },
      },
    },
    advanced: {
      database: {
        // A function, so that ids are text on every database: a PostgreSQL column of type uuid answers an id that is none
        // with an error instead of no row, and MongoDB would keep ids in a type of its own.
        generateId: () => randomUUID(),
        // Better Auth answers 100 rows without a limit; a list of sessions that stops there would revoke too few.
        defaultFindManyLimit: 1_000_000_000,
      },
    },
    plugins: [{ id: 'sallyport', schema: { ...toPluginSchema([...tables, ...ownTables]), ...linkIndexes } }],
    telemetry: { enabled: false },
    // Better Auth writes email addresses into its log lines.
    logger: { disabled: true },
  };
}

function toPluginSchema(tables: readonly RecordTable[]) {
  return Object.fromEntries(
    tables.map(({ model, columns }) => [
      model,
      {
        fields: Object.fromEntries(
          Object.entries(columns).map(([name, { type, required, unique = false, index = false }]) => [
            name,
            { type, required, unique, index, input: false },
          ]),
        ),
      },
    ]),
  );
}
