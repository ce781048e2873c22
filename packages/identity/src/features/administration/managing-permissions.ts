import { managingPermission, roleManagingPermission } from '../../accounts/role-authority.ts';

/** The permission to look at accounts. */
export const readingPermission = 'user:read';

/** What opens requests that read, and requests that change. */
export const mayRead = [readingPermission, managingPermission] as const;
export const mayChange = [managingPermission] as const;

/** The permission to look at what roles permit. */
const roleReadingPermission = 'role:read';

/** The same for roles. */
export const mayReadRoles = [roleReadingPermission, roleManagingPermission] as const;
export const mayChangeRoles = [roleManagingPermission] as const;
