import { expect, it } from 'vitest';
import { routeSchema } from './route.ts';

const route = {
  name: 'shop',
  prefix: '/api/shop',
  upstream: 'http://127.0.0.1:4000',
  audience: 'shop',
  access: 'signed-in',
};

it.each([
  { name: 'without declared access', change: { access: undefined } },
  { name: 'with an unknown key', change: { acess: 'public' } },
  { name: 'with unknown access', change: { access: 'anyone' } },
  { name: 'with an empty list of roles', change: { access: { roles: [] } } },
  { name: 'with a permission that is none', change: { access: { permissions: ['everything'] } } },
  { name: 'with an interest that is none', change: { permissions: ['prod*'] } },
  { name: 'with an encoded prefix', change: { prefix: '/api%2fshop' } },
  { name: 'with a trailing slash', change: { prefix: '/api/' } },
  { name: 'with a relative prefix', change: { prefix: 'api' } },
  { name: 'with an upstream that has a path', change: { upstream: 'http://127.0.0.1:4000/base' } },
  { name: 'with an upstream that has a user', change: { upstream: 'http://user:pass@127.0.0.1:4000' } },
  { name: 'with an upstream that is not http', change: { upstream: 'file:///etc/passwd' } },
  { name: 'without any upstream', change: { upstream: [] } },
])('the schema of routes refuses a route $name', ({ change }) => {
  expect(routeSchema.safeParse({ ...route, ...change }).success).toBe(false);
});

it('a route protects, slides and strips nothing unless told otherwise', () => {
  expect(routeSchema.parse(route)).toMatchObject({
    csrf: 'same-origin',
    slide: true,
    stripPrefix: false,
    fresh: false,
    permissions: [],
    profile: false,
  });
});
