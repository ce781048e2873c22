import { exitCodes, UsageError } from '@sallyport/core';
import { describeRoleDifferences, readPolicyState } from '@sallyport/identity';
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

/** Shows how the policy of the configuration, the one that was applied last and the roles that are stored differ. */
export const diffRoles: Command = {
  name: 'roles diff',
  summary: 'Shows what the configuration changed since it was applied, and what was edited since',
  notes: [
    'Exit code 1 when the configuration changed: no gateway starts then. "sallyport roles apply" stores the changes. What',
    'was edited at run time ("sallyport roles set", the API) is shown below, and changes neither.',
    'With policy.source "file" the configuration is compared with what is stored: the next start stores it.',
  ],
  run: (call) =>
    withStores(call.terminal, 'reads', async ({ config, stores }) => {
      const { source } = config.policy;
      const state = await readPolicyState(stores.database.records, config.policy);
      if (state === undefined) {
        call.report({ isStored: false, source, differences: [], edits: [] }, noRoles);
        return exitCodes.done;
      }
      const changed = describeRoleDifferences(state.differences);
      const edited = describeRoleDifferences(state.edits);
      const lines = [
        ...(changed.length === 0 ? ['The configuration is as it was applied.'] : changed),
        ...(edited.length === 0 ? [] : ['', 'Edited at run time since then:', ...edited]),
      ];
      call.report({ isStored: true, source, ...state }, lines.join('\n'));
      return changed.length === 0 ? exitCodes.done : exitCodes.refused;
    }),
};

/** Stores what the configuration changed. */
export const applyRoles: Command = {
  name: 'roles apply',
  summary: 'Stores what the configuration changed on roles; live sessions follow at once',
  options: {
    exactly: { describe: 'Makes the roles those of the configuration: what was edited at run time is lost' },
  },
  notes: [
    'Permissions that the configuration gave or took since it was applied are given and taken; what was edited at run time',
    'stays. Accounts keep the names of roles that go; such a name gives no permission. Gateways that run follow at',
    'once, and a gateway that starts again needs the same configuration. "sallyport roles diff" shows what would change.',
    'Refused where no account would hold "user:manage" any more, unless the policy does not declare it at all.',
  ],
  run: async (call) => {
    const { config } = await loadSettings(call.terminal);
    const { permissions: declared, roles, source } = config.policy;
    const isExact = call.has('exactly') || source === 'file';
    return withOperations(
      call.terminal,
      'writes',
      async ({ ask }) => {
        const asked = { policy: { permissions: declared, roles }, ...(isExact ? { how: 'exactly' } : {}) };
        const outcome = outcomeSchema.parse(await ask('roles/apply', asked));
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
