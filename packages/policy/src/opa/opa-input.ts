import type { DecisionQuestion } from '../decisions/decision-point.ts';
import type { PolicyCaller } from '../access/access-for.ts';
import type { AnyPolicy } from '../definition/policy.ts';

/** What OPA finds in `input`. */
export interface OpaInput {
  readonly subject: OpaSubject;
  readonly action: string;
  readonly type: string;
  readonly record: Readonly<Record<string, unknown>>;
  /** Absent where the question is about the record as a whole. */
  readonly field?: string;
}

/** The caller: kind alone where it is anonymous. Lists are sorted, so that the same caller is the same text. */
export interface OpaSubject {
  readonly kind: PolicyCaller['kind'];
  readonly id?: string;
  readonly roles?: readonly string[];
  readonly permissions?: readonly string[];
  readonly org?: string;
  readonly orgRoles?: readonly string[];
}

/** Puts a question into words of JSON. Of the record only fields that the policy file declares leave this process. */
export function toOpaInput(policy: AnyPolicy, { caller, action, type, record, field }: DecisionQuestion): OpaInput {
  const declared = Object.keys(policy.records[type]?.fields ?? {});
  const values = declared.flatMap((name) => {
    // Also behind a getter of a class. No declared field has the name of what every object inherits.
    const value: unknown = Reflect.get(record, name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    subject: toSubject(caller),
    action,
    type,
    record: Object.fromEntries(values),
    ...(field === undefined ? {} : { field }),
  };
}

function toSubject(caller: PolicyCaller): OpaSubject {
  if (caller.kind === 'anonymous') return { kind: 'anonymous' };
  const { kind, id, roles, permissions, org, orgRoles } = caller;
  return {
    kind,
    id,
    roles: roles.toSorted(),
    permissions: permissions.toSorted(),
    ...(org === undefined ? {} : { org, orgRoles: (orgRoles ?? []).toSorted() }),
  };
}
