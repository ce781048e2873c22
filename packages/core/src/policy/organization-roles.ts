/** The permissions that rule an organization. They mean something in roles of organizations alone. */
export const organizationPermissions = {
  /** To rename and to delete the organization. Who holds it is an owner, and the last owner stays. */
  manage: 'organization:manage',
  /** To invite and remove members, and to change their roles within one's own permissions. */
  members: 'member:manage',
} as const;

/**
 * Permissions that rule the whole deployment: its accounts, roles, clients and tokens. No role of an organization may hold
 * one, because its owners are not those of the deployment.
 */
const deploymentPermissions: ReadonlySet<string> = new Set([
  'user:manage',
  'user:read',
  'role:manage',
  'role:read',
  'oauth-client:manage',
  'oauth-client:read',
  'oauth-client:trust',
]);

/** Services ask about tokens, and give them up, by such permissions of theirs: `shop:introspect`. */
const tokenActions = /:(?:introspect|revoke)$/;

/** Says whether a permission rules the whole deployment, so that no role of an organization may hold it. */
export function isDeploymentPermission(permission: string): boolean {
  return deploymentPermissions.has(permission) || tokenActions.test(permission);
}

/** What is wrong with roles of organizations. `role` is where: `.owner`, or nothing for all of them. */
export interface OrganizationRoleProblem {
  readonly role: string;
  readonly message: string;
}

const namePattern = /^[a-z][a-z0-9-]{0,49}$/;

/**
 * What is wrong with the roles of organizations: a name that cannot stand in a list, a permission that rules the whole
 * deployment, and that no member could rule an organization. No roles at all are right: then there are no organizations.
 */
export function problemsOfOrganizationRoles(
  roles: Readonly<Record<string, readonly string[]>>,
): readonly OrganizationRoleProblem[] {
  const entries = Object.entries(roles);
  const problems = entries.flatMap(([name, held]) => [
    ...(namePattern.test(name)
      ? []
      : [{ role: `.${name}`, message: 'must be named with small letters, digits and "-", at most 50 characters' }]),
    ...held.filter(isDeploymentPermission).map((permission) => ({
      role: `.${name}`,
      message: `holds ${permission}, which rules the whole deployment: give it to a role of "roles"`,
    })),
  ]);
  const needed = Object.values(organizationPermissions);
  const isRuled = entries.some(([, held]) => needed.every((permission) => held.includes(permission)));
  if (entries.length > 0 && !isRuled)
    problems.push({ role: '', message: `need a role that holds ${needed.join(' and ')}: the one of owners` });
  return problems;
}
