/** What the name of a role looks like where one is given or made at run time. */
export const roleNamePattern = /^[a-z][a-z0-9-]{0,63}$/;
