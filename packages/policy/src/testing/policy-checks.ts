import { accessFor, type PolicyCaller } from '../access/access-for.ts';
import type { Access } from '../access/access.ts';
import type { Decision } from '../access/decision.ts';
import type { AnyPolicy } from '../definition/policy.ts';
import { actionsOf } from '../definition/record-types.ts';
import type { AnyPolicyTestCase, PolicyTests, TestCaller } from './policy-test-table.ts';

/** One thing that a policy is asked, and the answer that its tests expect. */
export interface PolicyCheck {
  readonly name: string;
  /** The type of the record: rules on others cannot change the answer. */
  readonly type: string;
  readonly expected: string;
  /** What the policy answers; `undefined` where it is as expected. */
  readonly differs: (policy: AnyPolicy) => string | undefined;
  /** Why it answers so, for the one who wrote it. */
  readonly explain: (policy: AnyPolicy) => string;
}

/** Takes tests apart: one check for each action of each cell of the matrix, and one for each case. */
export function toChecks(tests: PolicyTests): readonly PolicyCheck[] {
  return [...checksOfMatrix(tests), ...tests.cases.map((each) => checkOfCase(tests, each))];
}

interface Asked {
  readonly access: (policy: AnyPolicy) => Access<AnyPolicy>;
  readonly type: string;
  readonly fields: object;
}

function checksOfMatrix(tests: PolicyTests): readonly PolicyCheck[] {
  return Object.entries(tests.matrix).flatMap(([on, row]) =>
    Object.entries(row).flatMap(([caller, cell]) => {
      const asked = askedOf(tests, caller, on);
      return actionsOf(tests.policy.records[asked.type] ?? { fields: {} }).map((action) => {
        const isAllowed = cell === '*' || cell.includes(action);
        const name = `${caller} ${isAllowed ? 'may' : 'may not'} ${action} ${on}`;
        const decide = (policy: AnyPolicy): Decision => asked.access(policy).check(action, asked.type, asked.fields);
        return toDecisionCheck({ name, asked, action, isAllowed }, decide);
      });
    }),
  );
}

function checkOfCase(tests: PolicyTests, each: AnyPolicyTestCase): PolicyCheck {
  const { caller, on, may, mayNot, because, field, change, sees } = each;
  const asked = askedOf(tests, caller, on);
  if (sees !== undefined)
    return toFieldsCheck(each.name ?? `${caller} sees ${sees.join(', ') || 'nothing'} of ${on}`, asked, sees);
  const action = may ?? mayNot ?? '';
  const isAllowed = may !== undefined;
  const aside = [
    ...(field === undefined ? [] : [`, field ${field}`]),
    ...(change === undefined ? [] : [`, with ${JSON.stringify(change)}`]),
    ...(because === undefined ? [] : [`, because of ${because}`]),
  ];
  const name = each.name ?? `${caller} ${isAllowed ? 'may' : 'may not'} ${action} ${on}${aside.join('')}`;
  const decide = (policy: AnyPolicy): Decision => {
    const access = asked.access(policy);
    if (change === undefined) return access.check(action, asked.type, asked.fields, field);
    const { before, after } = toWrite(action, asked.fields, change);
    return access.checkWrite(action, asked.type, before, after);
  };
  return toDecisionCheck({ name, asked, action, isAllowed, because, field }, decide);
}

/** A record that is made has nothing before, and one that is deleted nothing after. */
function toWrite(action: string, record: object, change: object) {
  const changed = { ...record, ...change };
  if (action === 'create') return { before: null, after: changed };
  return { before: record, after: action === 'delete' ? null : changed };
}

interface Expected {
  readonly name: string;
  readonly asked: Asked;
  readonly action: string;
  readonly isAllowed: boolean;
  readonly because?: string | undefined;
  readonly field?: string | undefined;
}

function toDecisionCheck(expected: Expected, decide: (policy: AnyPolicy) => Decision): PolicyCheck {
  const { name, asked, action, isAllowed, because, field } = expected;
  return {
    name,
    type: asked.type,
    expected: isAllowed ? 'allowed' : because === undefined ? 'refused' : `refused: ${because}`,
    differs: (policy) => {
      const { allowed, reason } = decide(policy);
      const isSame = allowed === isAllowed && (because === undefined || reason === because);
      return isSame ? undefined : `${allowed ? 'allowed' : 'refused'}: ${reason}`;
    },
    explain: (policy) => asked.access(policy).explain(action, asked.type, asked.fields, field).textForAdministrator,
  };
}

function toFieldsCheck(name: string, asked: Asked, sees: readonly string[]): PolicyCheck {
  const expected = sees.toSorted().join(', ');
  return {
    name,
    type: asked.type,
    expected: expected || 'no field',
    differs: (policy) => {
      const seen = asked.access(policy).fields('read', asked.type, asked.fields).toSorted().join(', ');
      return seen === expected ? undefined : seen || 'no field';
    },
    explain: (policy) => asked.access(policy).explain('read', asked.type, asked.fields).textForAdministrator,
  };
}

function askedOf({ policy, callers, records }: PolicyTests, caller: string, on: string): Asked {
  const { type = '', fields = {} } = records[on] ?? {};
  const subject = toCaller(policy, callers[caller] ?? 'anonymous');
  return { access: (one) => accessFor(one, subject), type, fields };
}

/** A caller with the permissions that the roles have in the policy file. */
export function toCaller(policy: AnyPolicy, caller: TestCaller): PolicyCaller {
  if (caller === 'anonymous') return { kind: 'anonymous' };
  const { id, kind = 'user', roles = [], permissions = [], org, orgRoles = [] } = caller;
  const held = [
    ...permissions,
    ...roles.flatMap((role) => policy.roles[role] ?? []),
    ...orgRoles.flatMap((role) => policy.organizationRoles[role] ?? []),
  ];
  return {
    kind,
    id,
    roles,
    permissions: [...new Set(held)],
    ...(org === undefined ? {} : { org, orgRoles }),
  };
}
