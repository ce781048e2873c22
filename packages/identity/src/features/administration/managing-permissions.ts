import { managingPermission } from '../../accounts/role-authority.ts';

/** The permission to look at accounts. */
export const readingPermission = 'user:read';

/** What opens requests that read, and requests that change. */
export const mayRead = [readingPermission, managingPermission] as const;
export const mayChange = [managingPermission] as const;
