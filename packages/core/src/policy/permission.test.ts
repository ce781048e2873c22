import { expect, it } from 'vitest';
import { isPermission, isPermissionInterest, selectPermissions } from './permission.ts';

it.each([
  'product',
  'product:',
  ':create',
  'Product:create',
  'product:create:any',
  'product create',
  'product:*',
  '*',
  '',
])('the syntax of permissions does not take "%s" for a permission', (text) => {
  expect(isPermission(text)).toBe(false);
});

it.each(['product:create', 'care-team:read', 'a1:b2'])(
  'the syntax of permissions takes "%s" for a permission',
  (text) => {
    expect(isPermission(text)).toBe(true);
  },
);

it.each(['product:**', '*:read', 'product*', '**', ''])('the syntax of interests refuses "%s"', (text) => {
  expect(isPermissionInterest(text)).toBe(false);
});

it.each([
  { name: 'nothing without an interest', interests: [], kept: [] },
  { name: 'one permission', interests: ['product:read'], kept: ['product:read'] },
  { name: 'a resource', interests: ['product:*'], kept: ['product:read', 'product:create'] },
  { name: 'everything', interests: ['*'], kept: ['product:read', 'product:create', 'products:read', 'user:manage'] },
  { name: 'nothing that merely begins alike', interests: ['prod:*'], kept: [] },
])('a selection of permissions keeps $name', ({ interests, kept }) => {
  expect(selectPermissions(['product:read', 'product:create', 'products:read', 'user:manage'], interests)).toEqual(
    kept,
  );
});
