import type { RecordType, standardActions } from './record-types.ts';

/** Values of the caller that a condition can name. `roles` and `orgRoles` are lists. */
export type SubjectField = 'id' | 'org' | 'kind' | 'roles' | 'orgRoles';

/**
 * A condition as data: fields of the record with `eq`, `ne`, `in` and `exists`, all of which must hold; `and`, `or`;
 * and `subject` for values of the caller. `{}` always holds.
 */
export interface Condition {
  readonly and?: readonly Condition[];
  readonly or?: readonly Condition[];
  readonly subject?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** Sentences about a rule. That for users says nothing of rules, permissions or values of others. */
export interface RuleTexts {
  readonly user?: string;
  readonly administrator?: string;
}

/** One rule of a policy. A rule that denies wins over every rule that allows, whatever their order. */
export interface PolicyRule {
  /** One action, several, or `*` for all of the type. A rule has either `allow` or `deny`. */
  readonly allow?: string | readonly string[];
  readonly deny?: string | readonly string[];
  /** The type of record. */
  readonly on: string;
  /** A permission, `signed-in` or `everyone`; without it, a rule that denies is about everyone. */
  readonly to?: string;
  /** Callers with this permission are not denied. */
  readonly unless?: string;
  /** What holds for the record as it is; for `create`, as it will be. */
  readonly when?: Condition;
  /** What holds for the record after a write. A rule that allows demands `when` again unless this is given. */
  readonly after?: Condition;
  /** Limits the rule to these fields. */
  readonly fields?: readonly string[];
  /** Code of the rule in decisions and logs, such as `owner-is-fixed`. */
  readonly reason?: string;
  readonly texts?: RuleTexts;
}

/** A checked policy, read-only at run time too: what was written, with defaults filled in. */
export interface AnyPolicy {
  readonly permissions: Readonly<Record<string, string>>;
  readonly roles: Readonly<Record<string, readonly string[]>>;
  readonly organizationRoles: Readonly<Record<string, readonly string[]>>;
  readonly source: 'database' | 'file';
  readonly records: Readonly<Record<string, RecordType>>;
  readonly rules: readonly PolicyRule[];
}

/** The permissions of a policy. */
export type PermissionOf<P extends AnyPolicy> = keyof P['permissions'] & string;

/** The system roles of a policy. */
export type RoleOf<P extends AnyPolicy> = keyof P['roles'] & string;

/** The roles that a policy knows inside an organization. */
export type OrganizationRoleOf<P extends AnyPolicy> = keyof P['organizationRoles'] & string;

/** The types of record of a policy. */
export type TypeOf<P extends AnyPolicy> = keyof P['records'] & string;

/** The actions of a type of record. */
export type ActionOf<P extends AnyPolicy, T extends TypeOf<P>> = ActionOn<P['records'][T]>;

/** The declared fields of a type of record. */
export type FieldOf<P extends AnyPolicy, T extends TypeOf<P>> = keyof P['records'][T]['fields'] & string;

/**
 * What can be passed as a record of a type: its declared fields, which may be null or missing, and any others.
 * Pass plain objects, and whole ones: a field that was not loaded counts as missing.
 */
export type RecordOf<P extends AnyPolicy, T extends TypeOf<P>> =
  string extends FieldOf<P, T>
    ? object
    : { readonly [F in FieldOf<P, T>]?: FieldValue<P['records'][T]['fields'][F]> | null | undefined };

/** The actions of a declaration, written or not. */
export type ActionOn<R extends RecordType> =
  | (typeof standardActions)[number]
  | ('actions' extends keyof R
      ? R['actions'] extends readonly (infer A extends string)[] | undefined
        ? A
        : never
      : never);

type FieldValue<F> = F extends 'string'
  ? string
  : F extends 'number'
    ? number
    : F extends 'boolean'
      ? boolean
      : F extends 'string[]'
        ? readonly string[]
        : F extends 'number[]'
          ? readonly number[]
          : unknown;
