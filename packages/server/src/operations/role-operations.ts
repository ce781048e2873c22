import { defineOperation, permissionSchema, type Operation, type Records } from '@sallyport/core';
import { applyPolicy, createSecurityEventLog, kernelEvents, readRoleDifferences } from '@sallyport/identity';
import * as z from 'zod';
import type { Stores } from '../open-stores.ts';

const policySchema = z.strictObject({
  permissions: z.record(permissionSchema, z.string()),
  roles: z.record(z.string().min(1), z.array(z.string())),
});

/** What operators do with the roles of a policy file. What they edit at run time is an operation of identity. */
export function createRoleOperations({ database, bus }: RoleStores): readonly Operation[] {
  const { records, transaction } = database;
  return [
    defineOperation({
      name: 'roles/apply',
      input: z.strictObject({ policy: policySchema, how: z.enum(['carry-over', 'exactly']).optional() }),
      run: async ({ policy, how }, context) => {
        // The first start of a gateway stores them.
        if ((await readRoleDifferences(records, policy)) === undefined) return { kind: 'none-stored' };
        const events = createSecurityEventLog(records, kernelEvents);
        const now = (): Date => new Date();
        const applying = { policy, records, transaction, bus, events, now, context };
        const differences = await applyPolicy(how === undefined ? applying : { ...applying, how });
        return { kind: 'applied', differences };
      },
    }),
  ];
}

type RoleStores = Pick<Stores, 'bus'> & {
  readonly database: { readonly records: Records; readonly transaction: Stores['database']['transaction'] };
};
