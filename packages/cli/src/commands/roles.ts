import { exitCodes, UsageError } from '@sallyport/core';
import { describeRoleDifferences, readRoleDifferences } from '@sallyport/identity';
import * as z from 'zod';
import type { Command } from '../command.ts';
import { loadSettings, withStores } from '../open-system.ts';
import { openRolesHere, withOperations } from '../with-operations.ts';

// Not of the administration feature: its services exist once identity is built, which fills an empty table of roles, and
// these commands look at the table before that.
const noRoles = 'No roles are stored yet: the first start of the gateway stores those of the configuration.';

const permissions = z.array(z.string());
const outcomeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none-stored') }),
  z.object({
    kind: z.literal('applied'),
    differences: z.array(
      z.object({
        role: z.string(),
        kind: z.enum(['added', 'removed', 'changed']),
        permissionsAdded: permissions,
        permissionsRemoved: permissions,
      }),
    ),
  }),
]);

/** Shows how the policy of the configuration differs from the roles that are stored. */
export const diffRoles: Command = {
  name: 'roles diff',
  summary: 'Shows how the configuration differs from the roles that are stored',
  notes: [
    'Exit code 1 when it does: no gateway starts then. "sallyport roles apply" stores the roles of the configuration.',
  ],
  run: (call) =>
    withStores(call.terminal, 'reads', async ({ config, stores }) => {
      const differences = await readRoleDifferences(stores.database.records, config.policy);
      if (differences === undefined) {
        call.report({ isStored: false, differences: [] }, noRoles);
        return exitCodes.done;
      }
      const lines = describeRoleDifferences(differences);
      call.report(
        { isStored: true, differences },
        lines.length === 0 ? 'The roles that are stored are those of the configuration.' : lines.join('\n'),
      );
      return lines.length === 0 ? exitCodes.done : exitCodes.refused;
    }),
};

/** Stores the roles of the configuration. */
export const applyRoles: Command = {
  name: 'roles apply',
  summary: 'Stores the roles of the configuration; live sessions follow at once',
  notes: [
    'Accounts keep the names of roles that go; such a name gives no permission. Gateways that run follow at',
    'once, and a gateway that starts again needs the same configuration. "sallyport roles diff" shows what would change.',
    'Refused where no account would hold "user:manage" any more, unless the policy does not declare it at all.',
  ],
  run: async (call) => {
    const { config } = await loadSettings(call.terminal);
    return withOperations(
      call.terminal,
      'writes',
      async ({ ask }) => {
        const outcome = outcomeSchema.parse(await ask('roles/apply', { policy: config.policy }));
        if (outcome.kind === 'none-stored') throw new UsageError(noRoles, exitCodes.refused);
        const lines = describeRoleDifferences(outcome.differences);
        call.report(
          { differences: outcome.differences },
          lines.length === 0 ? 'There was nothing to change.' : lines.join('\n'),
        );
        return exitCodes.done;
      },
      openRolesHere,
    );
  },
};
