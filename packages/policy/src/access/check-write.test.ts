import { expect, it } from 'vitest';
import { OptionsError } from '@sallyport/core/browser';
import { definePolicy } from '../definition/define-policy.ts';
import { ada, archived, bob, draft, root, shopPolicy } from '../shop-policy.test-support.ts';
import { accessFor } from './access-for.ts';

const own = accessFor(shopPolicy, ada);

it.each([
  {
    name: 'the change of an own product',
    before: draft,
    after: { ...draft, status: 'published' },
    reason: 'own-product',
  },
  { name: 'a write that changes nothing', before: draft, after: { ...draft, tags: ['new'] }, reason: 'own-product' },
  { name: 'null for what was missing', before: draft, after: { ...draft, publishedAt: null }, reason: 'own-product' },
  {
    name: 'a field that is not declared and stays',
    before: { ...draft, _id: 'x' },
    after: { ...draft, _id: 'x', priceCents: 1 },
    reason: 'own-product',
  },
])('$name is allowed', ({ before, after, reason }) => {
  expect(own.checkWrite('update', 'Product', before, after)).toMatchObject({
    allowed: true,
    reason,
    refusedFields: [],
  });
});

it.each([
  {
    name: "the change of another's product",
    before: { ...draft, vendorId: 'bob' },
    after: { ...draft, vendorId: 'bob', priceCents: 1 },
    reason: 'no-rule-allows',
  },
  {
    name: "another's product that is taken over",
    before: { ...draft, vendorId: 'bob' },
    after: draft,
    reason: 'no-rule-allows',
  },
  {
    name: 'an own product that is given away',
    before: draft,
    after: { ...draft, vendorId: 'bob' },
    reason: 'not-allowed-after-write',
  },
  {
    name: 'the change of an archived product',
    before: archived,
    after: { ...archived, priceCents: 1 },
    reason: 'archived',
  },
  { name: 'a price that is taken away', before: draft, after: { ...draft, priceCents: null }, reason: 'price-stays' },
  {
    name: 'a field that is not declared',
    before: draft,
    after: { ...draft, isFeatured: true },
    reason: 'field-not-declared',
    fields: ['isFeatured'],
  },
])('$name is refused', ({ before, after, reason, fields = [] }) => {
  expect(own.checkWrite('update', 'Product', before, after)).toMatchObject({
    allowed: false,
    reason,
    refusedFields: fields,
  });
});

it('a record is created as the rules want it to be', () => {
  expect(own.checkWrite('create', 'Product', null, draft)).toMatchObject({ allowed: true, reason: 'own-product' });
  expect(own.checkWrite('create', 'Product', null, { ...draft, vendorId: 'bob' }).reason).toBe('no-rule-allows');
  const withMore = { ...draft, isFeatured: true };
  expect(own.checkWrite('create', 'Product', null, withMore).reason).toBe('field-not-declared');
  // @ts-expect-error -- the compiler refuses it where it is written
  expect(own.checkWrite('create', 'Product', null, { ...draft, isFeatured: true }).allowed).toBe(false);
  expect(accessFor(shopPolicy, bob).checkWrite('create', 'Product', null, { ...draft, vendorId: 'bob' }).allowed).toBe(
    false,
  );
});

it('a record is deleted as a whole', () => {
  expect(own.checkWrite('delete', 'Product', draft, null).reason).toBe('no-rule-allows');
  expect(accessFor(shopPolicy, root).checkWrite('delete', 'Product', draft, null).allowed).toBe(true);
});

it('a write without a record, or of what is only read, has nothing to check', () => {
  expect(() => own.checkWrite('update', 'Product', null, null)).toThrow(OptionsError);
  expect(() => own.checkWrite('read', 'Product', draft, draft)).toThrow(OptionsError);
});

const ticketPolicy = definePolicy({
  permissions: { 'ticket:triage': 'Sort tickets', 'ticket:comment': 'Comment on tickets' },
  roles: {},
  records: {
    Ticket: {
      fields: { id: 'string', state: 'string', comment: 'string', secret: 'string', due: 'date', lines: 'json' },
    },
  },
  rules: [
    {
      allow: ['create', 'update'],
      on: 'Ticket',
      to: 'ticket:triage',
      when: { state: { eq: 'new' } },
      after: { state: { in: ['new', 'open'] } },
      fields: ['id', 'state', 'due', 'lines'],
      reason: 'triage',
    },
    { allow: 'update', on: 'Ticket', to: 'ticket:comment', fields: ['comment', 'secret'], reason: 'comment' },
    { deny: 'update', on: 'Ticket', fields: ['secret'], reason: 'secret-is-fixed' },
    {
      deny: ['create', 'update'],
      on: 'Ticket',
      when: { state: { eq: 'new' } },
      after: { due: { exists: false } },
      reason: 'due-is-required',
    },
  ],
});

const triage = accessFor(ticketPolicy, { kind: 'service', id: 's', roles: [], permissions: ['ticket:triage'] });
const both = accessFor(ticketPolicy, {
  kind: 'service',
  id: 's',
  roles: [],
  permissions: ['ticket:triage', 'ticket:comment'],
});
const due = new Date(0);
const ticket = { id: 't', state: 'new', due, lines: [{ sku: 'a', price: { cents: 1 } }] };

it('an after takes the place of the when of its rule, so that a state can be left', () => {
  expect(triage.checkWrite('update', 'Ticket', ticket, { ...ticket, state: 'open' })).toMatchObject({
    allowed: true,
    reason: 'triage',
  });
  expect(triage.checkWrite('update', 'Ticket', ticket, { ...ticket, state: 'closed' }).reason).toBe(
    'not-allowed-after-write',
  );
  expect(triage.checkWrite('update', 'Ticket', { ...ticket, state: 'open' }, ticket).reason).toBe('no-rule-allows');
});

it('what is created passes when and after at once', () => {
  expect(triage.checkWrite('create', 'Ticket', null, ticket).allowed).toBe(true);
  expect(triage.can('create', 'Ticket', ticket)).toBe(true);
  expect(triage.checkWrite('create', 'Ticket', null, { ...ticket, state: 'open' }).allowed).toBe(false);
  expect(triage.checkWrite('create', 'Ticket', null, { ...ticket, due: null }).reason).toBe('due-is-required');
  expect(triage.can('create', 'Ticket', { ...ticket, due: null })).toBe(false);
});

it('each changed field is permitted by a rule of its own, and denied by one', () => {
  const change = { ...ticket, state: 'open', comment: 'x' };
  expect(triage.checkWrite('update', 'Ticket', ticket, change)).toMatchObject({
    reason: 'field-not-permitted',
    refusedFields: ['comment'],
  });
  expect(both.checkWrite('update', 'Ticket', ticket, change)).toMatchObject({ allowed: true, reason: 'triage' });
  expect(both.checkWrite('update', 'Ticket', ticket, { ...change, secret: 'x' })).toMatchObject({
    reason: 'secret-is-fixed',
    refusedFields: ['secret'],
  });
});

it('a denial of the record after a write waits for the write', () => {
  expect(triage.can('update', 'Ticket', { ...ticket, due: null })).toBe(true);
  expect(triage.checkWrite('update', 'Ticket', ticket, { ...ticket, due: null }).reason).toBe('due-is-required');
});

it('the values of a field are compared by what they hold, and instances of classes by what they are', () => {
  const same = { ...ticket, due: new Date(0), lines: [{ sku: 'a', price: { cents: 1 } }] };
  const comment = accessFor(ticketPolicy, { kind: 'service', id: 's', roles: [], permissions: ['ticket:comment'] });
  expect(comment.checkWrite('update', 'Ticket', ticket, same).allowed).toBe(true);
  const changes = [
    { due: new Date(1) },
    { lines: [{ sku: 'a', price: { cents: 2 } }] },
    { lines: [] },
    { lines: new Map() },
    { due: null },
  ];
  for (const change of changes)
    expect(comment.checkWrite('update', 'Ticket', ticket, { ...same, ...change }).allowed).toBe(false);
});

it('a denial of the record after a write counts whatever was before it', () => {
  const late = { ...ticket, due: null };
  expect(triage.checkWrite('update', 'Ticket', null, late).reason).toBe('due-is-required');
  expect(triage.checkWrite('create', 'Ticket', ticket, late).reason).toBe('due-is-required');
  expect(triage.checkWrite('create', 'Ticket', { ...ticket, state: 'closed' }, ticket).allowed).toBe(true);
  expect(() => triage.checkWrite('create', 'Ticket', ticket, null)).toThrow(OptionsError);
});

const shelfPolicy = definePolicy({
  permissions: {},
  roles: {},
  records: { Shelf: { fields: { id: 'string', cents: 'number', isFeatured: 'boolean', tags: 'string[]' } } },
  rules: [
    { allow: ['create', 'update'], on: 'Shelf', to: 'everyone', when: { id: { in: ['a', 'b'] } } },
    { deny: ['create', 'update'], on: 'Shelf', after: { isFeatured: { eq: true } }, reason: 'is-featured' },
    { deny: ['create', 'update'], on: 'Shelf', after: { cents: { eq: 0 } }, reason: 'is-free' },
    { deny: ['create', 'update'], on: 'Shelf', after: { tags: { eq: 'sale' } }, reason: 'is-sale' },
  ],
});

// A database stores 'true' and 1 as true, and '0' as 0; a list of ids is found under each of them.
it.each([
  { field: 'isFeatured', value: 'true' },
  { field: 'isFeatured', value: 1 },
  { field: 'cents', value: '0' },
  { field: 'cents', value: [2, 3] },
  { field: 'id', value: ['a', 'of another'] },
  { field: 'tags', value: '["sale"]' },
  { field: 'tags', value: [['sale']] },
])('a value that its field cannot hold is not written: $value in $field', ({ field, value }) => {
  const anyone = accessFor(shelfPolicy, { kind: 'anonymous' });
  const shelf = { id: 'a', cents: 1, isFeatured: false, tags: ['new'] };
  const changed: object = { ...shelf, [field]: value };
  expect(anyone.checkWrite('update', 'Shelf', shelf, { ...shelf, cents: 2, tags: [] }).allowed).toBe(true);
  for (const [action, before] of [['update', shelf] as const, ['create', null] as const])
    expect(anyone.checkWrite(action, 'Shelf', before, changed)).toMatchObject({
      allowed: false,
      reason: 'field-of-other-type',
      refusedFields: [field],
    });
  // What was stored so before is left alone.
  const stored: object = { ...shelf, cents: '1' };
  expect(anyone.checkWrite('update', 'Shelf', stored, { ...stored }).allowed).toBe(true);
});
