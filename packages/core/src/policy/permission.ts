const permissionPattern = /^[a-z][a-z0-9-]*:[a-z][a-z0-9-]*$/;
const interestPattern = /^(\*|[a-z][a-z0-9-]*:(\*|[a-z][a-z0-9-]*))$/;

/** Says whether a text is a permission: `resource:action`, lower-case, such as `product:create`. */
export function isPermission(text: string): boolean {
  return permissionPattern.test(text);
}

/** Says whether a text is an interest: a permission, `resource:*`, or `*`. */
export function isPermissionInterest(text: string): boolean {
  return interestPattern.test(text);
}

/**
 * Keeps the permissions in which an audience declares an interest, so that its tokens stay small.
 *
 * @param interests permissions, `resource:*` or `*`.
 * @returns the kept permissions, in the order in which they were held.
 */
export function selectPermissions(held: readonly string[], interests: readonly string[]): readonly string[] {
  return held.filter((permission) => interests.some((interest) => covers(interest, permission)));
}

function covers(interest: string, permission: string): boolean {
  if (interest === '*' || interest === permission) return true;
  return interest.endsWith(':*') && permission.startsWith(interest.slice(0, -1));
}
