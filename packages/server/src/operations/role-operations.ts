import { defineOperation, type Operation, type Records } from '@sallyport/core';
import { applyPolicy, createSecurityEventLog, kernelEvents, readRoleDifferences } from '@sallyport/identity';
import * as z from 'zod';
import { configSchema } from '../config/config-schema.ts';
import type { Stores } from '../open-stores.ts';

/** What operators do with the roles that are stored. */
export function createRoleOperations({ database, bus }: RoleStores): readonly Operation[] {
  const { records, transaction } = database;
  return [
    defineOperation({
      name: 'roles/apply',
      input: z.strictObject({ policy: configSchema.shape.policy }),
      run: async ({ policy }, context) => {
        // The first start of a gateway stores them.
        if ((await readRoleDifferences(records, policy)) === undefined) return { kind: 'none-stored' };
        const events = createSecurityEventLog(records, kernelEvents);
        const now = (): Date => new Date();
        const differences = await applyPolicy({ policy, records, transaction, bus, events, now, context });
        return { kind: 'applied', differences };
      },
    }),
  ];
}

type RoleStores = Pick<Stores, 'bus'> & {
  readonly database: { readonly records: Records; readonly transaction: Stores['database']['transaction'] };
};
