/** Where identity is mounted in the gateway. */
export const identityPlace = { name: 'auth', prefix: '/auth', access: 'optional', slide: false } as const;
