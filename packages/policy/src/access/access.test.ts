import { describe, expect, it } from 'vitest';
import { definePolicy } from '../definition/define-policy.ts';
import { ada, anonymous, archived, bob, draft, published, root, shopPolicy } from '../shop-policy.test-support.ts';
import { accessFor, type PolicyCaller } from './access-for.ts';

const to = (caller: PolicyCaller) => accessFor(shopPolicy, caller);

describe('the check of a record', () => {
  it.each([
    {
      name: 'a published product to everyone',
      caller: anonymous,
      action: 'read',
      record: published,
      allowed: true,
      reason: 'published',
    },
    { name: 'a draft to its vendor', caller: ada, action: 'read', record: draft, allowed: true, reason: 'own-product' },
    {
      name: 'a draft to another user',
      caller: bob,
      action: 'read',
      record: draft,
      allowed: false,
      reason: 'no-rule-allows',
    },
    {
      name: 'a draft to a caller who is not signed in',
      caller: anonymous,
      action: 'read',
      record: draft,
      allowed: false,
      reason: 'no-rule-allows',
    },
    {
      name: 'the change of an archived product to its vendor',
      caller: ada,
      action: 'update',
      record: archived,
      allowed: false,
      reason: 'archived',
    },
    {
      name: 'the change of an archived product to an exempt caller',
      caller: root,
      action: 'update',
      record: archived,
      allowed: true,
      reason: 'any-product',
    },
    {
      name: 'an action of the type by *',
      caller: root,
      action: 'publish',
      record: draft,
      allowed: true,
      reason: 'any-product',
    },
    {
      name: 'the deletion of a product to its vendor',
      caller: ada,
      action: 'delete',
      record: draft,
      allowed: false,
      reason: 'no-rule-allows',
    },
  ] as const)('answers for $name', ({ caller, action, record, allowed, reason }) => {
    const access = to(caller);
    expect(access.can(action, 'Product', record)).toBe(allowed);
    expect(access.check(action, 'Product', record)).toMatchObject({ allowed, reason });
    expect(access.filter(action, 'Product').matches(record)).toBe(allowed);
  });

  it.each([{ record: null }, { record: undefined }, { record: 'Product' }, { record: () => 'Product' }])(
    'refuses $record in the place of a record, which CASL would take for a question about the type',
    ({ record }) => {
      const access = to(root);
      expect(access.can('read', 'Product', record as never)).toBe(false);
      expect(access.mask('read', 'Product', record as never)).toEqual({});
    },
  );

  it('refuses what only a value of the caller would tell, when it is missing: also in ne', () => {
    const order = { id: 'o', userId: 'root', org: 'acme', vendorIds: [] };
    // Denied while org is not the caller's: a caller without one cannot be told to be in it.
    expect(to(root).check('read', 'Order', order)).toMatchObject({ allowed: false, reason: 'other-organization' });
    expect(to({ ...root, org: 'acme' }).can('read', 'Order', order)).toBe(true);
    const policy = definePolicy({
      permissions: {},
      roles: {},
      records: { Note: { fields: { ownerId: 'string' } } },
      rules: [{ allow: 'read', on: 'Note', to: 'everyone', when: { ownerId: { ne: { subject: 'id' } } } }],
    });
    expect(accessFor(policy, anonymous).can('read', 'Note', { ownerId: 'ada' })).toBe(false);
    expect(accessFor(policy, bob).can('read', 'Note', { ownerId: 'ada' })).toBe(true);
    expect(accessFor(policy, bob).can('read', 'Note', {})).toBe(true);
  });

  it('never takes an action or a type that CASL has for a wildcard as one', () => {
    const policy = definePolicy({
      permissions: {},
      roles: {},
      records: { all: { fields: { id: 'string' }, actions: ['manage'] }, Note: { fields: { id: 'string' } } },
      rules: [{ allow: 'manage', on: 'all', to: 'everyone' }],
    });
    const access = accessFor(policy, anonymous);
    expect(access.can('manage', 'all', {})).toBe(true);
    expect(access.can('read', 'all', {})).toBe(false);
    expect(access.can('read', 'Note', {})).toBe(false);
  });
});

describe('the question without a record', () => {
  it.each([
    { caller: anonymous, action: 'update', answer: false },
    { caller: bob, action: 'update', answer: false },
    { caller: ada, action: 'update', answer: true },
    { caller: ada, action: 'delete', answer: false },
    { caller: root, action: 'delete', answer: true },
  ] as const)('says whether $caller.kind $caller.id may $action some product', ({ caller, action, answer }) => {
    expect(to(caller).canAny(action, 'Product')).toBe(answer);
  });

  it('says no where a denial leaves nothing', () => {
    const policy = definePolicy({
      permissions: {},
      roles: {},
      records: { Note: { fields: { id: 'string', text: 'string' } } },
      rules: [
        { allow: '*', on: 'Note', to: 'everyone' },
        { deny: 'delete', on: 'Note' },
        { deny: '*', on: 'Note', fields: ['text'] },
        { allow: 'update', on: 'Note', to: 'everyone', when: { text: { eq: { subject: 'id' } } } },
      ],
    });
    const access = accessFor(policy, anonymous);
    expect(access.canAny('delete', 'Note')).toBe(false);
    expect(access.filter('delete', 'Note').scope).toBe('none');
    expect(access.canAny('read', 'Note', 'text')).toBe(false);
    expect(access.canAny('read', 'Note', 'id')).toBe(true);
    expect(access.filter('read', 'Note').scope).toBe('all');
  });
});

describe('fields', () => {
  it('are those that a rule permits and none denies', () => {
    expect(to(ada).fields('read', 'Product', draft)).not.toContain('costCents');
    expect(to(root).fields('read', 'Product', draft)).toContain('costCents');
    expect(to(ada).can('read', 'Product', draft, 'costCents')).toBe(false);
    expect(to(ada).check('read', 'Product', draft, 'costCents').reason).toBe('cost-is-internal');
    expect(to(bob).fields('read', 'Product', draft)).toEqual([]);
  });

  it('are all that a mask leaves: what is not declared is left out, and so is what the record inherits', () => {
    const stored = Object.assign(Object.create({ status: 'inherited' }) as object, {
      id: 'p',
      vendorId: 'ada',
      costCents: 1,
      passwordHash: 'x',
    });
    expect(to(ada).mask('read', 'Product', stored)).toEqual({ id: 'p', vendorId: 'ada', status: 'inherited' });
    expect(to(bob).mask('read', 'Product', draft)).toEqual({});
  });

  it('of records that a rule shows in part are no more than that part', () => {
    const order = { id: 'o1', userId: 'bob', org: 'acme', vendorIds: ['ada', 'eve'], note: 'ring twice' };
    expect(to(ada).mask('read', 'Order', order)).toEqual({ id: 'o1', vendorIds: ['ada', 'eve'] });
    expect(to(bob).mask('read', 'Order', order)).toEqual(order);
    expect(to({ ...ada, org: 'other' }).mask('read', 'Order', order)).toEqual({});
  });
});

describe('the access of a caller', () => {
  it('is remembered for the same caller, and is another as soon as anything changes that rules can see', () => {
    const known = to(ada);
    expect(to({ ...ada, permissions: [...ada.permissions] })).toBe(known);
    for (const change of [
      { id: 'bob' },
      { org: undefined },
      { permissions: [] },
      { roles: [] },
      { orgRoles: ['owner'] },
      { kind: 'service' },
    ] as const)
      expect(to({ ...ada, ...change })).not.toBe(known);
  });

  it('follows an object that changes between two calls', () => {
    const permissions: string[] = [...ada.permissions];
    const caller = Object.freeze({ ...ada, permissions });
    expect(to(caller).can('update', 'Product', draft)).toBe(true);
    permissions.length = 0;
    expect(to(caller).can('update', 'Product', draft)).toBe(false);
  });

  it('shares nothing with callers who hold other permissions that rules name', () => {
    const one = to({ ...ada, permissions: ['product:update', 'other:a'] });
    const other = to({ ...ada, permissions: ['other:a', 'other:b'] });
    expect([one, other].map((access) => access.canAny('update', 'Product'))).toEqual([true, false]);
  });

  it('is not confused by names that look like several', () => {
    const one = to({ ...bob, roles: ['a","b'] });
    expect(to({ ...bob, roles: ['a', 'b'] })).not.toBe(one);
  });

  it('is forgotten for the oldest when there are too many', () => {
    const first = to({ ...bob, id: 'first' });
    for (let index = 0; index < 1_000; index += 1) to({ ...bob, id: `user-${index}` });
    expect(to({ ...bob, id: 'first' })).not.toBe(first);
  });

  it.each([
    { name: 'an unknown kind', caller: { ...root, kind: 'admin' } },
    { name: 'no kind', caller: {} },
  ])('with $name is that of a caller who is not signed in', ({ caller }) => {
    expect(to(caller as never).can('read', 'Product', draft)).toBe(false);
    expect(to(caller as never).can('read', 'Product', published)).toBe(true);
  });

  it('whose id no database can store matches no record by it', () => {
    expect(to({ ...ada, id: '\ud800' }).can('read', 'Product', { ...draft, vendorId: '\ud800' })).toBe(false);
  });

  it('by a policy that was cast, and not defined, is checked first', () => {
    const cast = { permissions: {}, roles: {}, records: {}, rules: [{ allow: 'read', on: 'Product', to: 'everyone' }] };
    expect(() => accessFor(cast as never, anonymous)).toThrow(/rules\[0\]: on: type "Product" is not declared/);
  });
});
