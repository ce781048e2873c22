import type { AnyPolicy, RuleTexts, ActionOn } from './policy.ts';
import { parsePolicy } from './parse-policy.ts';
import type { FieldType, RecordType } from './record-types.ts';

/** A policy with its names in its type, so that a typo in one is a type error wherever it is used. */
export interface Policy<
  Permissions extends Names = Names,
  Roles extends RoleTable<string> = RoleTable<string>,
  OrganizationRoles extends RoleTable<string> = RoleTable<string>,
  Records extends RecordTable = RecordTable,
> extends AnyPolicy {
  readonly permissions: Permissions;
  readonly roles: Roles;
  readonly organizationRoles: OrganizationRoles;
  readonly records: Records;
}

/** What {@link definePolicy} takes. */
export interface PolicyDefinition<
  Permissions extends Names,
  Roles extends RoleTable<keyof Permissions & string>,
  OrganizationRoles extends RoleTable<keyof Permissions & string>,
  Records extends RecordTable,
> {
  /** Every permission, `resource:action`, with a sentence that says what it allows. */
  readonly permissions: Permissions;
  /** System roles: what the table of roles is first filled with. */
  readonly roles: Roles;
  /** Roles inside an organization, held by its members alone. Never mixed with system roles. @default none */
  readonly organizationRoles?: OrganizationRoles;
  /** Whether the stored roles decide, which administrators edit, or this file. @default 'database' */
  readonly source?: 'database' | 'file';
  /** Types of record that rules are about. @default none */
  readonly records?: Records;
  /** What callers may do with records. Without a rule that allows it, an action is refused. @default none */
  readonly rules?: readonly RuleOn<
    NoInfer<Records>,
    keyof NoInfer<Permissions> & string,
    keyof NoInfer<Roles> & string,
    keyof NoInfer<OrganizationRoles> & string
  >[];
}

type Names = Readonly<Record<string, string>>;
type RoleTable<Permission extends string> = Readonly<Record<string, readonly Permission[]>>;
type RecordTable = Readonly<Record<string, RecordType>>;
type Nothing = Readonly<Record<never, never>>;

/**
 * Declares a policy: permissions, roles, types of record, and rules on records. It is data alone, so that one definition becomes a
 * check, a database query, a mask of fields, the state of a page and an explanation.
 *
 * @returns a read-only copy with defaults filled in.
 * @throws OptionsError that lists every problem, each with the rule that it is in: an unknown name or operator, a value that is
 *   undefined or of the wrong kind, a rule without effect.
 * @example
 * const policy = definePolicy({
 *   permissions: { 'product:read': 'List and read products', 'product:update': 'Change own products' },
 *   roles: { user: ['product:read'], vendor: ['product:read', 'product:update'] },
 *   records: { Product: { fields: { id: 'string', vendorId: 'string', status: 'string' } } },
 *   rules: [
 *     { allow: 'read', on: 'Product', to: 'everyone', when: { status: { eq: 'published' } } },
 *     { allow: ['read', 'update'], on: 'Product', to: 'product:update', when: { vendorId: { eq: { subject: 'id' } } } },
 *   ],
 * });
 */
export function definePolicy<
  const Permissions extends Names,
  const Roles extends RoleTable<keyof Permissions & string>,
  const OrganizationRoles extends RoleTable<keyof Permissions & string> = Nothing,
  const Records extends RecordTable = Nothing,
>(
  definition: PolicyDefinition<Permissions, Roles, OrganizationRoles, Records>,
): Policy<Permissions, Roles, OrganizationRoles, Records> {
  // The copy has the members of the definition, which is of these types.
  return parsePolicy(definition) as Policy<Permissions, Roles, OrganizationRoles, Records>;
}

/** A rule on any of the declared types. */
type RuleOn<Records extends RecordTable, Permission extends string, Role extends string, OrgRole extends string> = {
  readonly [T in keyof Records & string]: Rule<T, Records[T], Permission, Role, OrgRole>;
}[keyof Records & string];

type Rule<
  T extends string,
  R extends RecordType,
  Permission extends string,
  Role extends string,
  OrgRole extends string,
> =
  | (RuleMembers<T, R, Role, OrgRole> & {
      readonly allow: Actions<R>;
      readonly to: Permission | 'everyone' | 'signed-in';
      readonly deny?: never;
      readonly unless?: never;
    })
  | (RuleMembers<T, R, Role, OrgRole> & {
      readonly deny: Actions<R>;
      readonly to?: Permission | 'everyone' | 'signed-in';
      readonly unless?: Permission;
      readonly allow?: never;
    });

type Actions<R extends RecordType> = ActionOn<R> | '*' | readonly ActionOn<R>[];

interface RuleMembers<T extends string, R extends RecordType, Role extends string, OrgRole extends string> {
  readonly on: T;
  readonly when?: ConditionOn<R['fields'], Role, OrgRole>;
  readonly after?: ConditionOn<R['fields'], Role, OrgRole>;
  readonly fields?: readonly (keyof R['fields'] & string)[];
  readonly reason?: string;
  readonly texts?: RuleTexts;
}

type ConditionOn<Fields extends RecordType['fields'], Role extends string, OrgRole extends string> = {
  readonly [F in keyof Fields]?: FieldTests<Fields[F]>;
} & {
  readonly and?: readonly ConditionOn<Fields, Role, OrgRole>[];
  readonly or?: readonly ConditionOn<Fields, Role, OrgRole>[];
  readonly subject?: SubjectTests<Role, OrgRole>;
};

/** A union with one member for each kind of value would hide which operator is wrong. */
type FieldTests<F extends FieldType> = F extends 'date' | 'json'
  ? Pick<Tests<never, never, never>, 'exists'>
  : F extends 'string' | 'string[]'
    ? Tests<string, { readonly subject: 'id' | 'org' | 'kind' }, { readonly subject: 'roles' | 'orgRoles' }>
    : F extends 'boolean'
      ? Tests<boolean, never, never>
      : Tests<number, never, never>;

interface Tests<Value, OneOfCaller, ListOfCaller> {
  readonly eq?: Value | OneOfCaller;
  readonly ne?: Value | OneOfCaller;
  readonly in?: readonly Value[] | ListOfCaller;
  readonly exists?: boolean;
}

interface SubjectTests<Role extends string, OrgRole extends string> {
  readonly id?: Tests<string, never, never>;
  readonly org?: Tests<string, never, never>;
  readonly kind?: Omit<Tests<'anonymous' | 'user' | 'service', never, never>, 'exists'>;
  readonly roles?: Omit<Tests<Role, never, never>, 'exists'>;
  readonly orgRoles?: Omit<Tests<OrgRole, never, never>, 'exists'>;
}
