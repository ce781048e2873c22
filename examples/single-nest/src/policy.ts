/** What each role may do. */
export const policy = {
  permissions: { 'note:write': "Write one's own notes" },
  roles: { user: ['note:write'], reader: [], admin: ['note:write'] },
} as const;
