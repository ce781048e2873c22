import { expect, it } from 'vitest';
import { definePolicy } from './policy.ts';

it('the definition of a policy refuses a permission that is not resource:action', () => {
  expect(() => definePolicy({ permissions: { 'create product': 'x' }, roles: {} })).toThrow(/resource:action/);
});

it('the definition of a policy refuses a role that names an undeclared permission, also when the type was cast away', () => {
  const roles: Record<string, never[]> = JSON.parse('{"vendor":["product:raed"]}') as Record<string, never[]>;
  expect(() => definePolicy({ permissions: { 'product:read': 'List and read products' }, roles })).toThrow(
    /product:raed/,
  );
});

it('the definition of a policy returns what was declared', () => {
  const policy = definePolicy({
    permissions: { 'product:read': 'List and read products' },
    roles: { user: ['product:read'] },
  });
  expect(policy.roles.user).toEqual(['product:read']);
});
