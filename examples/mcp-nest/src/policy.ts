/** Each tool of the server is one of these permissions: what agents may ask their users for. */
export const policy = {
  permissions: {
    'note:read': 'Read your notes',
    'note:write': 'Write notes for you',
    'note:delete': 'Delete your notes',
  },
  roles: {
    user: ['note:read', 'note:write', 'note:delete'],
    reader: ['note:read'],
  },
} as const;

/** A permission of the policy. */
export type Permission = keyof typeof policy.permissions;
