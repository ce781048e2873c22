import { describe, expect, it } from 'vitest';
import { toRoutesByRole, toServiceMarkdown, toServiceTable, type ServiceRoute } from './service-routes.ts';

const base: ServiceRoute = {
  transport: 'HTTP',
  route: 'GET /orders',
  handler: 'OrdersController.list',
  access: 'guarded',
  roles: [],
  permissions: [],
  anyPermission: [],
  inOrganization: false,
  orgRoles: [],
  isForServices: false,
};
const policy = { user: [], clerk: ['order:read', 'order:refund'], admin: ['order:read'] };

const answersFor = (change: Partial<ServiceRoute>, roles: typeof policy | undefined = policy) =>
  toRoutesByRole([{ ...base, ...change }], roles).routes[0]?.mayCall;

describe('which role may call a handler', () => {
  it.each([
    { name: 'that is public', change: { access: 'public' as const }, yes: ['admin', 'clerk', 'user'] },
    { name: 'that asks for a signed-in caller', change: {}, yes: ['admin', 'clerk', 'user'] },
    { name: 'that asks for one of two roles', change: { roles: [['clerk', 'admin']] }, yes: ['admin', 'clerk'] },
    {
      name: 'whose class and method ask for other roles',
      change: { roles: [['clerk', 'admin'], ['admin']] },
      yes: ['admin'],
    },
    {
      name: 'that asks for all of two permissions',
      change: { permissions: ['order:read', 'order:refund'] },
      yes: ['clerk'],
    },
    {
      name: 'that asks for one of two permissions',
      change: { anyPermission: [['order:read', 'x:y']] },
      yes: ['admin', 'clerk'],
    },
    {
      name: 'that asks for a role and a permission',
      change: { roles: [['admin']], permissions: ['order:refund'] },
      yes: [],
    },
    { name: 'that declares nothing', change: { access: 'undeclared' as const }, yes: [] },
  ])('is known of a handler $name', ({ change, yes }) => {
    const answers = answersFor(change) ?? {};
    expect(
      Object.keys(answers)
        .filter((role) => answers[role] === 'yes')
        .toSorted(),
    ).toEqual([...yes]);
  });

  it('is unknown where the policy answers for each record, and no where a permission is missing anyway', () => {
    const policies = [{ action: 'update', type: 'Order' }];
    expect(answersFor({ permissions: ['order:refund'], policies })).toEqual({
      user: 'no',
      clerk: 'unknown',
      admin: 'no',
    });
    expect(answersFor({ access: 'optional', policies })).toMatchObject({ user: 'unknown' });
  });

  it('is unknown where another guard decides, and where no policy is known', () => {
    expect(answersFor({ access: 'elsewhere' })).toEqual({ user: 'unknown', clerk: 'unknown', admin: 'unknown' });
    expect(
      toRoutesByRole([{ ...base, roles: [['admin']], permissions: ['a:b'] }], undefined).routes[0]?.mayCall,
    ).toEqual({
      admin: 'unknown',
    });
  });

  it('is unknown where a role inside an organization decides, and no where something else is missing', () => {
    const inOrganization = { inOrganization: true, orgRoles: [['owner']] };
    expect(answersFor(inOrganization)).toEqual({ user: 'unknown', clerk: 'unknown', admin: 'unknown' });
    expect(answersFor({ ...inOrganization, permissions: ['order:refund'] })).toEqual({
      user: 'no',
      clerk: 'unknown',
      admin: 'no',
    });
  });
});

describe('the table', () => {
  const table = toRoutesByRole(
    [
      {
        ...base,
        permissions: ['order:refund'],
        stepUp: { acr: 'mfa', maxAgeSeconds: 300 },
        policies: [{ action: 'update', type: 'Order' }],
      },
      { ...base, route: 'GET /a|b', access: 'public', reason: 'a pipe | and a\nbreak' },
      { ...base, route: 'GET /bare', access: 'undeclared' },
      { ...base, route: 'GET /bills', inOrganization: true, orgRoles: [['owner', 'billing']] },
      { ...base, route: 'GET /team', inOrganization: true },
      { ...base, route: 'GET /audit', isForServices: true, mutualTls: 'alone' },
      { ...base, route: 'GET /both', mutualTls: 'with-token' },
    ],
    policy,
  );

  it('has a column for each role', () => {
    const [header = '', refund = '', , bare = '', bills = '', team = '', audit = '', both = ''] =
      toServiceTable(table).split('\n');
    expect(header.split(/ {2,}/)).toEqual(['TRANSPORT', 'ROUTE', 'ACCESS', 'admin', 'clerk', 'user', 'HANDLER']);
    expect(refund).toMatch(
      /permission order:refund, step-up mfa 300 s, policy: update Order +- +\? +- +OrdersController\.list/,
    );
    expect(bare).toContain('UNDECLARED');
    expect(bills).toMatch(/role owner or billing in the organization +\? +\? +\? /);
    expect(team).toMatch(/member of an organization +\? /);
    expect(audit).toMatch(/services only, by client certificate +- +- +- /);
    expect(both).toMatch(/signed in, client certificate and token +yes +yes +yes /);
  });

  it('of Markdown has one line for each handler, whatever its texts hold', () => {
    const lines = toServiceMarkdown(table).split('\n');
    expect(lines).toHaveLength(9);
    expect(lines[1]).toBe('| --- | --- | --- | --- | --- | --- | --- |');
    expect(lines[3]).toContain('| GET /a\\|b | public: a pipe \\| and a break |');
  });
});
