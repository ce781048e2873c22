import type {
  ActionOf,
  AnyPolicy,
  FieldOf,
  OrganizationRoleOf,
  PermissionOf,
  RecordOf,
  RoleOf,
  TypeOf,
} from '../definition/policy.ts';
import { OptionsError } from '@sallyport/core/browser';
import { problemsOfTestTable } from './test-table-problems.ts';

/** A caller of the tests. Permissions are those of the roles in the policy file, and those that are added. */
export type TestCaller<P extends AnyPolicy = AnyPolicy> =
  | 'anonymous'
  | {
      readonly id: string;
      /** @default 'user' */
      readonly kind?: 'user' | 'service';
      /** @default none */
      readonly roles?: readonly RoleOf<P>[];
      /** Beside those of the roles: what an administrator may have added to one. @default none */
      readonly permissions?: readonly PermissionOf<P>[];
      /** The organization that is active. @default none */
      readonly org?: string;
      /** Roles inside it; their permissions count too. @default none */
      readonly orgRoles?: readonly OrganizationRoleOf<P>[];
    };

/** A record of the tests: one of a type of the policy, with fields that it declares. */
export type TestRecord<P extends AnyPolicy = AnyPolicy> = {
  readonly [T in TypeOf<P>]: { readonly type: T; readonly fields: RecordOf<P, T> };
}[TypeOf<P>];

type Callers<P extends AnyPolicy> = Readonly<Record<string, TestCaller<P>>>;
type Records<P extends AnyPolicy> = Readonly<Record<string, TestRecord<P>>>;

/** What one caller may do to one record: these actions, and no other of its type. `*` is all of them. */
export type MatrixCell<P extends AnyPolicy, T extends TypeOf<P>> = '*' | readonly ActionOf<P, T>[];

interface CaseOn<P extends AnyPolicy, C, R, T extends TypeOf<P>> {
  /** What stands in the report. @default made of the other members */
  readonly name?: string;
  readonly caller: C;
  readonly on: R;
  /** Asks about this field alone. */
  readonly field?: FieldOf<P, T>;
  /** Asks about a write that leaves these fields so. `create` makes the record, `delete` removes it. */
  readonly change?: Partial<RecordOf<P, T>>;
}

/** What a matrix cannot say: fields, writes, reasons, and what is left of a record that is shown. */
export type PolicyTestCase<P extends AnyPolicy, C, R, T extends TypeOf<P>> =
  | (CaseOn<P, C, R, T> & { readonly may: ActionOf<P, T> })
  | (CaseOn<P, C, R, T> & {
      readonly mayNot: ActionOf<P, T>;
      /** The reason code of the refusal. @default any */
      readonly because?: string;
    })
  | (Pick<CaseOn<P, C, R, T>, 'name' | 'caller' | 'on'> & {
      /** The fields that a caller may read of the record, and no others. */
      readonly sees: readonly FieldOf<P, T>[];
    });

type MatrixOf<P extends AnyPolicy, C extends Callers<P>, R extends Records<P>> = {
  readonly [Name in keyof R]: { readonly [Caller in keyof C]: MatrixCell<P, R[Name]['type'] & TypeOf<P>> };
};

type CasesOf<P extends AnyPolicy, C extends Callers<P>, R extends Records<P>> = {
  readonly [Name in keyof R & string]: PolicyTestCase<P, keyof C & string, Name, R[Name]['type'] & TypeOf<P>>;
}[keyof R & string];

/** The tests of a policy, as a team writes them. */
export interface PolicyTestTable<P extends AnyPolicy, C extends Callers<P>, R extends Records<P>> {
  readonly callers: C;
  readonly records: R;
  /** For each record and each caller what is allowed. Everything else is refused; nothing may be left out. */
  readonly matrix: MatrixOf<P, NoInfer<C>, NoInfer<R>>;
  readonly cases?: readonly CasesOf<P, NoInfer<C>, NoInfer<R>>[];
  /**
   * Changes of rules that no test can notice, because the policy decides the same without them: `<name of the rule>: <change>`, as the
   * report names them, and why. One that a test does notice is reported.
   */
  readonly acceptedSurvivors?: Readonly<Record<string, string>>;
}

/** Checked tests of a policy: plain data. */
export interface PolicyTests {
  readonly policy: AnyPolicy;
  readonly callers: Readonly<Record<string, TestCaller>>;
  readonly records: Readonly<Record<string, { readonly type: string; readonly fields: object }>>;
  readonly matrix: Readonly<Record<string, Readonly<Record<string, '*' | readonly string[]>>>>;
  readonly cases: readonly AnyPolicyTestCase[];
  readonly acceptedSurvivors: Readonly<Record<string, string>>;
}

/** A case, whatever its policy is. */
export interface AnyPolicyTestCase {
  readonly name?: string;
  readonly caller: string;
  readonly on: string;
  readonly field?: string;
  readonly change?: Readonly<Record<string, unknown>>;
  readonly may?: string;
  readonly mayNot?: string;
  readonly because?: string;
  readonly sees?: readonly string[];
}

/**
 * Declares the tests of a policy: a matrix of records, callers and what is allowed, and single cases beside it.
 * `sallyport policy test` runs them, and changes each rule to see whether a test notices.
 *
 * @throws OptionsError that lists every problem: an unknown caller, record, action or field, a cell that is missing.
 * @example
 * export default definePolicyTests(policy, {
 *   callers: { visitor: 'anonymous', vera: { id: 'vera', roles: ['vendor'] } },
 *   records: { verasDraft: { type: 'Product', fields: { id: 'p1', vendorId: 'vera', status: 'draft' } } },
 *   matrix: { verasDraft: { visitor: [], vera: ['read', 'update'] } },
 *   cases: [{ caller: 'vera', mayNot: 'update', on: 'verasDraft', change: { vendorId: 'bob' }, because: 'owner-is-fixed' }],
 * });
 */
export function definePolicyTests<P extends AnyPolicy, const C extends Callers<P>, const R extends Records<P>>(
  policy: P,
  table: PolicyTestTable<P, C, R>,
): PolicyTests {
  return parsePolicyTests({ policy, ...table });
}

/**
 * Checks tests of unknown origin: what `definePolicyTests` made, in a file that was loaded.
 *
 * @throws OptionsError that lists every problem.
 */
export function parsePolicyTests(value: unknown): PolicyTests {
  const problems = problemsOfTestTable(value);
  if (problems.length > 0)
    throw new OptionsError(['The tests of the policy cannot be used:', ...problems].join('\n  '));
  const { cases = [], acceptedSurvivors = {}, ...rest } = value as Partial<PolicyTests>; // Checked above.
  return { ...rest, cases, acceptedSurvivors } as PolicyTests; // The others are mandatory, which was checked too.
}
