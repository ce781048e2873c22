import { exitCodes, UsageError } from '@sallyport/core';
import {
  applyPolicy,
  createSecurityEventLog,
  describeRoleDifferences,
  kernelEvents,
  readRoleDifferences,
} from '@sallyport/identity';
import type { Command } from '../command.ts';
import { withStores } from '../open-system.ts';

// Not of the administration feature: its services exist once identity is built, which fills an empty table of roles, and
// these commands look at the table before that.
const noRoles = 'No roles are stored yet: the first start of the gateway stores those of the configuration.';

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
    'Accounts keep the names of roles that go; such a name gives no permission. With Redis the gateways that run follow at',
    'once, and a gateway that starts again needs the same configuration. "sallyport roles diff" shows what would change.',
  ],
  run: (call) =>
    withStores(call.terminal, 'writes', async ({ config, stores }) => {
      const { policy } = config;
      const { records, transaction } = stores.database;
      if ((await readRoleDifferences(records, policy)) === undefined) throw new UsageError(noRoles, exitCodes.refused);
      const events = createSecurityEventLog(records, kernelEvents);
      const bus = stores.bus;
      const differences = await applyPolicy({ policy, records, transaction, bus, events, now: () => new Date() });
      const lines = describeRoleDifferences(differences);
      call.report({ differences }, lines.length === 0 ? 'There was nothing to change.' : lines.join('\n'));
      return exitCodes.done;
    }),
};
