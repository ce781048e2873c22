import { definePolicy } from '@sallyport/core';
import { createGatewayTraces } from '@sallyport/gateway';
import { testRoutes } from './test-routes.ts';
import type { Preset } from '../preset.ts';

/** Roles and permissions of three kinds of users. */
export const testPolicy = definePolicy({
  permissions: {
    'product:read': 'List and read products',
    'product:create': 'Create products',
    'product:update': "Change one's own products",
    'product:delete': 'Delete products',
    'user:manage': 'Change the roles of users',
  },
  roles: {
    user: ['product:read'],
    vendor: ['product:read', 'product:create', 'product:update'],
    admin: ['product:read', 'product:create', 'product:update', 'product:delete', 'user:manage'],
  },
});

/** One account of each role. */
export const testAccounts = ['user', 'vendor', 'admin'].map((role) => ({
  email: `${role}@example.test`,
  password: `violet-kettle-marches-north-${role}`,
  role,
}));

/** A preset for tests: accounts to sign in with. */
export function createTestPreset(): Preset {
  return {
    kind: 'preset',
    name: 'test mode',
    traces: createGatewayTraces(),
    mounts: [],
    graceMilliseconds: 750,
    secretFiles: [],
    configure: ({ port = 3000, publicUrl = `http://localhost:${port}`, dataDir }) => ({
      publicUrl,
      listen: { port },
      ...(dataDir === undefined ? {} : { dataDir }),
      policy: testPolicy,
      passwords: { answerFloorMilliseconds: 100 },
      mailbox: { port: 0 },
      routes: testRoutes('http://127.0.0.1:9'),
    }),
    prepareRoles: () => Promise.resolve(),
    async prepareAccounts(_config, { accounts }) {
      for (const { email, password, role } of testAccounts) {
        if ((await accounts.findByEmail(email)) !== null) continue;
        await accounts.createUser({ name: role, email, password, roles: [role], emailVerified: true });
      }
    },
  };
}
