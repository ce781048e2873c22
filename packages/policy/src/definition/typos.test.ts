import { OptionsError } from '@sallyport/core/browser';
import { expect, it } from 'vitest';
import { accessFor } from '../access/access-for.ts';
import { anonymous, draft, shopPolicy } from '../shop-policy.test-support.ts';
import { definePolicy, type PolicyDefinition } from './define-policy.ts';

/* Each typo is an error for the compiler, and one at run time for those who have none. */

const permissions = { 'product:read': 'Read products' } as const;
const roles = { user: ['product:read'] } as const;
const records = {
  Product: {
    fields: { id: 'string', count: 'number', isNew: 'boolean', at: 'date', tags: 'string[]' },
    actions: ['publish'],
  },
} as const;

type Definition = PolicyDefinition<typeof permissions, typeof roles, Readonly<Record<never, never>>, typeof records>;
type Rule = NonNullable<Definition['rules']>[number];
type When = Rule['when'];

const rule = (written: Rule): unknown => definePolicy({ permissions, roles, records, rules: [written] });
const when = (condition: When): unknown => rule({ deny: 'read', on: 'Product', when: condition ?? {} });

const typos: Readonly<Record<string, () => unknown>> = {
  // @ts-expect-error -- a permission
  'a permission of a role': () => definePolicy({ permissions, roles: { user: ['product:raed'] } }),
  // @ts-expect-error -- a permission
  'a permission in an organization': () => definePolicy({ permissions, roles, organizationRoles: { a: ['b:c'] } }),
  // @ts-expect-error -- a permission
  'the permission of a rule': () => rule({ allow: 'read', on: 'Product', to: 'product:raed' }),
  // @ts-expect-error -- a permission
  'the permission of unless': () => rule({ deny: 'read', on: 'Product', unless: 'product:raed' }),
  // @ts-expect-error -- a type
  'a type': () => rule({ allow: 'read', on: 'Prodct', to: 'everyone' }),
  // @ts-expect-error -- an action
  'an action': () => rule({ allow: 'raed', on: 'Product', to: 'everyone' }),
  // @ts-expect-error -- an action
  'an action in a list': () => rule({ allow: ['read', 'pubish'], on: 'Product', to: 'everyone' }),
  // @ts-expect-error -- a field
  'a field of a rule': () => rule({ deny: 'read', on: 'Product', fields: ['cuont'] }),
  // @ts-expect-error -- a member
  'a member of a rule': () => rule({ deny: 'read', on: 'Product', wenn: {} }),
  // @ts-expect-error -- a field
  'a field of a condition': () => when({ cuont: { eq: 1 } }),
  // @ts-expect-error -- a field
  'a field in a branch': () => when({ or: [{ cuont: { eq: 1 } }] }),
  // @ts-expect-error -- an operator
  'an operator': () => when({ count: { gte: 1 } }),
  // @ts-expect-error -- an operator
  'an operator of MongoDB': () => when({ $or: [{ count: { eq: 1 } }] }),
  // @ts-expect-error -- a number
  'the kind of a value': () => when({ count: { eq: '1' } }),
  // @ts-expect-error -- an operator
  'the equality of a date': () => when({ at: { eq: '2026-01-01' } }),
  // @ts-expect-error -- a value of the caller
  'a list of the caller where one value is meant': () => when({ id: { eq: { subject: 'roles' } } }),
  // @ts-expect-error -- a value of the caller
  'a value of the caller': () => when({ id: { eq: { subject: 'userId' } } }),
  // @ts-expect-error -- a role
  'a role of the caller': () => when({ subject: { roles: { eq: 'usr' } } }),
  // @ts-expect-error -- a type of a field
  'the type of a field': () => definePolicy({ permissions, roles, records: { Product: { fields: { id: 'text' } } } }),
  // @ts-expect-error -- a source
  'the source of roles': () => definePolicy({ permissions, roles, source: 'databse' }),
};

it.each(Object.entries(typos))('the compiler and the definition refuse a typo in %s', (_name, define) => {
  expect(define).toThrow(OptionsError);
});

const access = accessFor(shopPolicy, anonymous);
const questions: Readonly<Record<string, () => unknown>> = {
  // @ts-expect-error -- a type
  'type "Prodct" is not declared in the policy: did you mean "Product"?': () => access.can('read', 'Prodct', draft),
  // @ts-expect-error -- an action
  'action "raed" is not declared for Product: did you mean "read"?': () => access.canAny('raed', 'Product'),
  // @ts-expect-error -- a field
  'field "cost" is not declared for Product: did you mean': () => access.check('read', 'Product', draft, 'cost'),
  // @ts-expect-error -- an action of another type
  'action "publish" is not declared for Order: create,': () => access.filter('publish', 'Order'),
  // @ts-expect-error -- an action
  'action "updat" is not declared for Product: did you mean': () => access.mask('updat', 'Product', draft),
  // @ts-expect-error -- an action
  'action "creat" is not declared for Product: did you': () => access.checkWrite('creat', 'Product', null, draft),
};

it.each(Object.entries(questions))('the compiler refuses a question, and the access says: %s', (message, ask) => {
  expect(ask).toThrow(message);
});

it('a record whose field is of another type is refused by the compiler, since it would equal nothing', () => {
  // @ts-expect-error -- priceCents is a number
  expect(access.can('read', 'Product', { ...draft, priceCents: '100' })).toBe(false);
});

it('a definition without a typo is accepted, with its names in its type', () => {
  const policy = definePolicy({
    permissions,
    roles,
    records,
    rules: [{ allow: ['read', 'publish'], on: 'Product', to: 'product:read' }],
  });
  const action: Parameters<ReturnType<typeof accessFor<typeof policy>>['canAny']>[0] = 'publish';
  expect(policy.records.Product.actions).toContain(action);
  expect(policy).toMatchObject({ source: 'database', organizationRoles: {} });
});
