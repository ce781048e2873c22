import { recordModels, type CheckFinding } from '@sallyport/core';
import {
  describeRoleDifferences,
  readPolicyDifferences,
  readPolicyState,
  waysOutOfPolicyDifference,
  type PolicyState,
} from '@sallyport/identity';
import { createSealer, openStoredKeys, rewrapSealedColumns, sealedKeyColumn } from '@sallyport/stores';
import type { ContentCheck } from './content-context.ts';
import { examineClock } from './examine-clock.ts';
import { checkBackchannelLogout } from './check-backchannel-logout.ts';
import { checkRetention } from './check-retention.ts';
import { toFindings } from './findings-of.ts';

/** Whether the policy was applied, and what was edited since. A preset, and `source: 'file'`, are applied at each start. */
const checkStoredRoles: ContentCheck = {
  name: 'roles',
  run: async ({ config, preset, records }) => {
    const { policy } = config;
    const isAppliedAtStart = preset !== undefined || policy.source === 'file';
    const differences = isAppliedAtStart ? [] : await readPolicyDifferences(records, policy);
    const described = describeRoleDifferences(differences).join('; ');
    if (differences.length === 0) return describeUnapplied(await readPolicyState(records, policy), isAppliedAtStart);
    return [
      {
        kind: 'failure',
        finding: `the policy of the configuration differs from the one that was applied last, and no gateway starts: ${described}`,
        hint: waysOutOfPolicyDifference,
      },
    ];
  },
};

/** What is stored and is not in the file. */
function describeUnapplied(state: PolicyState | undefined, isAppliedAtStart: boolean): readonly CheckFinding[] {
  if (state === undefined) return [];
  const { differences, edits } = state;
  const pending = isAppliedAtStart ? describeRoleDifferences(differences).join('; ') : '';
  const edited = describeRoleDifferences(edits).join('; ');
  return [
    ...(pending === '' ? [] : [{ kind: 'ok', finding: `the next start stores: ${pending}` } as const]),
    ...(edited === '' ? [] : [{ kind: 'ok', finding: `edited since the policy was applied: ${edited}` } as const]),
  ];
}

/** Events carry the time of the gateways. */
const checkEventClock: ContentCheck = {
  name: 'clock of the gateways',
  run: async ({ records }) => {
    const sortBy = { field: 'at', direction: 'desc' } as const;
    const [newest] = await records.findMany<{ at: Date }>({ model: recordModels.event, sortBy, limit: 1 });
    const now = Date.now();
    const time = newest === undefined || newest.at.getTime() < now ? new Date(now) : newest.at;
    return [examineClock('the newest event', { time, askedAt: now, answeredAt: now })];
  },
};

/** Whether the root secret opens the keys that are in use. Where a shared secret signs, none is. */
const checkSigningKeys: ContentCheck = {
  name: 'signing keys',
  run: async ({ config, records, readClock, versions }) => {
    if (versions === undefined || config.tokens.signWithSharedSecretInsteadOfKeyPairs) return [];
    const sealerFor = createSealer(versions);
    let count: number;
    try {
      count = (await openStoredKeys(records, sealerFor(sealedKeyColumn.purpose), await readClock())).length;
    } catch (error) {
      return toFindings(error);
    }
    const columns = [sealedKeyColumn];
    const [outcome] = await rewrapSealedColumns({ records, sealerFor, versions, columns, isDryRun: true });
    const old = outcome?.rewrapped ?? 0;
    if (old > 0)
      return [
        {
          kind: 'ok',
          finding: `${old} are sealed under an older version of the root secret`,
          hint: 'Run "sallyport secrets rewrap" before that version is dropped.',
        },
      ];
    return count === 0 ? [] : [{ kind: 'ok', finding: `the root secret opens ${count}` }];
  },
};

/** How what is stored must be for a gateway to serve it. */
export const contentChecks: readonly ContentCheck[] = [
  checkStoredRoles,
  checkEventClock,
  checkSigningKeys,
  checkRetention,
  checkBackchannelLogout,
];
