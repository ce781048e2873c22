/*
 * What identity answers under /auth/roles and /manage/roles, as JSON. Identity checks its answers against these types.
 */

/** A role, as those who edit roles are shown it. */
export interface ManagedRole {
  readonly name: string;
  readonly permissions: readonly string[];
  /** Changes with each edit of the role. An edit names the version that its author has read. */
  readonly version: string;
}

/** `GET /auth/roles`, `GET /manage/roles` */
export interface ManagedRolesAnswer {
  /** `file`: the configuration has the last word, and an edit is refused. */
  readonly source: 'database' | 'file';
  /** In the order of their names. */
  readonly roles: readonly ManagedRole[];
  /** Every permission that there is, with the sentence of the policy that says what it allows. */
  readonly permissions: Readonly<Record<string, string>>;
}

/** `GET …/roles/:name`, `PUT …/roles/:name` */
export interface ManagedRoleAnswer {
  readonly role: ManagedRole;
}
