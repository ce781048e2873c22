/** The permission to look at OAuth clients. */
export const readingPermission = 'oauth-client:read';

/** The permission to register OAuth clients, and to change them. */
export const changingPermission = 'oauth-client:manage';

/** The permission to do that with first-party clients: those are given what their users hold, and ask none of them. */
export const trustingPermission = 'oauth-client:trust';
