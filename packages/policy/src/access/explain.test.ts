import { describe, expect, it } from 'vitest';
import { definePolicy } from '../definition/define-policy.ts';
import { ada, anonymous, archived, bob, draft, published, root, shopPolicy } from '../shop-policy.test-support.ts';
import { accessFor } from './access-for.ts';
import { unpackAccess } from './unpack-access.ts';

describe('an explanation', () => {
  it('says why something is allowed', () => {
    const { decision, why, whatWouldAllow, textForUser, textForAdministrator } = accessFor(shopPolicy, ada).explain(
      'update',
      'Product',
      draft,
    );
    expect(decision).toEqual({
      allowed: true,
      reason: 'own-product',
      rule: { index: 1, effect: 'allow', reason: 'own-product' },
    });
    expect(why.map(({ rule, outcome }) => `${rule.reason} ${outcome}`)).toEqual([
      'archived not-met',
      'price-stays judged-at-write',
      'own-product applies',
      'any-product permission-missing',
    ]);
    expect(whatWouldAllow).toEqual([]);
    expect(textForUser).toBe('You may update this product.');
    expect(textForAdministrator).toMatch(/^Allowed: update on Product for user ada\.\n/);
  });

  it('says what a denial is about, and that it spares others', () => {
    const { decision, whatWouldAllow, textForUser, textForAdministrator } = accessFor(shopPolicy, ada).explain(
      'update',
      'Product',
      archived,
    );
    expect(decision.reason).toBe('archived');
    const denial =
      'rules[3] (archived) does not apply: it denies while isArchived is true, except to callers with permission product:update-any';
    expect(whatWouldAllow.map(({ rule, needs }) => [rule.reason, needs])).toEqual([
      ['own-product', [denial]],
      ['any-product', ['permission product:update-any', denial]],
    ]);
    expect(textForUser).toBe('This product is archived.');
    expect(textForAdministrator).toContain(
      'rules[3] (archived), a denial: applies. Archived products are kept for the books.',
    );
  });

  it('says what the record and the caller lack, to the administrator alone', () => {
    const { whatWouldAllow, textForUser, textForAdministrator } = accessFor(shopPolicy, bob).explain(
      'read',
      'Product',
      draft,
    );
    expect(whatWouldAllow.map(({ rule, needs }) => [rule.reason, needs])).toEqual([
      ['published', ['status is "published"']],
      ['own-product', ['permission product:update', "vendorId is the caller's id"]],
      ['any-product', ['permission product:update-any']],
    ]);
    expect(textForUser).toBe('You may not read this product.');
    expect(textForAdministrator).toContain(
      'rules[0] (published), allows: does not apply, since this does not hold: status is "published".',
    );
    expect(textForAdministrator).toContain(
      "rules[1] (own-product) would allow it with: permission product:update; vendorId is the caller's id.",
    );
  });

  it('says to sign in where that may help', () => {
    const { textForUser, whatWouldAllow } = accessFor(shopPolicy, anonymous).explain('update', 'Product', draft);
    expect(textForUser).toBe('Sign in to update this product.');
    expect(whatWouldAllow[0]?.needs).toEqual(['sign in', 'permission product:update', "vendorId is the caller's id"]);
    expect(accessFor(shopPolicy, bob).explain('update', 'Product', draft).textForUser).toBe(
      'You may not update this product.',
    );
  });

  it('gives the text of the rule that would have allowed another record', () => {
    const access = accessFor(shopPolicy, ada);
    expect(access.explain('update', 'Product', { ...draft, vendorId: 'bob' }).textForUser).toBe(
      'You can only change products of your own.',
    );
  });

  it('names the field', () => {
    const { textForUser, why } = accessFor(shopPolicy, ada).explain('read', 'Product', draft, 'costCents');
    expect(textForUser).toBe('You may not read cost cents of this product.');
    expect(why[0]).toMatchObject({ outcome: 'applies', rule: { reason: 'cost-is-internal' } });
    const other = accessFor(shopPolicy, root).explain('read', 'Product', published, 'costCents');
    expect(other.why[0]?.outcome).toBe('exempt');
    expect(accessFor(shopPolicy, ada).explain('read', 'Product', draft, 'status').why[0]?.outcome).toBe(
      'field-not-covered',
    );
  });

  it('says so where no rule is about the action', () => {
    const { whatWouldAllow, textForAdministrator } = accessFor(shopPolicy, bob).explain('create', 'Order', {});
    expect(whatWouldAllow).toEqual([]);
    expect(textForAdministrator).toContain('rules[8] (other-organization), a denial: applies');
  });

  it('describes every test', () => {
    const policy = definePolicy({
      permissions: {},
      roles: { admin: [] },
      records: { Note: { fields: { a: 'string', b: 'number', c: 'boolean', tags: 'string[]', at: 'date' } } },
      rules: [
        {
          allow: 'read',
          on: 'Note',
          to: 'everyone',
          when: {
            a: { ne: 'x', in: ['y', 'z'] },
            tags: { eq: 'new', ne: 'x', in: { subject: 'roles' } },
            at: { exists: true },
            b: { exists: false },
            or: [{ c: { eq: true } }, { and: [{ a: { ne: { subject: 'org' } } }, { b: { eq: 1 } }] }],
            subject: {
              id: { exists: true },
              org: { ne: 'evil', exists: false },
              roles: { eq: 'admin', ne: 'admin', in: ['admin'] },
              kind: { in: ['user', 'service'], eq: 'user' },
            },
          },
        },
      ],
    });
    expect(accessFor(policy, anonymous).explain('read', 'Note', { a: 'x', b: 2, tags: ['x'] }).why[0]?.unmet).toEqual([
      'a is not "x"',
      'a is one of "y", "z"',
      'tags holds "new"',
      'tags does not hold "x"',
      "tags holds one of the caller's roles",
      'at is set',
      'b is not set',
      "(c is true or (a is not the caller's org and b is 1))",
      "the caller's id is set",
      'the caller\'s org is not "evil"',
      'the caller\'s roles hold "admin"',
      'the caller\'s roles hold one of "admin"',
      'the caller\'s kind is one of "user", "service"',
      'the caller\'s kind is "user"',
    ]);
  });
});

describe('a packed access', () => {
  const packed = accessFor(shopPolicy, ada).pack();
  const unpacked = unpackAccess<typeof shopPolicy>(JSON.parse(JSON.stringify(packed)) as typeof packed);

  it('answers as the one that was packed', () => {
    const access = accessFor(shopPolicy, ada);
    for (const record of [draft, published, archived, { ...draft, vendorId: 'bob' }])
      for (const action of ['create', 'read', 'update', 'delete', 'publish'] as const) {
        expect(unpacked.check(action, 'Product', record)).toEqual(access.check(action, 'Product', record));
        expect(unpacked.fields(action, 'Product', record)).toEqual(access.fields(action, 'Product', record));
        expect(unpacked.filter(action, 'Product').toMongo()).toEqual(access.filter(action, 'Product').toMongo());
      }
    expect(unpacked.checkWrite('update', 'Product', draft, { ...draft, vendorId: 'bob' }).reason).toBe(
      'not-allowed-after-write',
    );
    expect(unpacked.explain('update', 'Product', archived).textForUser).toBe('This product is archived.');
    expect(unpacked.pack()).toEqual(packed);
  });

  it('holds nothing that is not about the caller, and nothing for administrators', () => {
    const text = JSON.stringify(accessFor(shopPolicy, bob).pack());
    expect(text).not.toContain('any-product');
    expect(text).not.toContain('own-product"');
    expect(text).not.toContain('product:update');
    expect(JSON.stringify(packed)).not.toContain('kept for the books');
    expect(text.length).toBeLessThan(1_500);
  });

  const typeWith = (change: object) => ({
    version: 1,
    types: { Product: { fields: { id: 'string' }, actions: ['read'], rules: [], ...change } },
  });
  const ruleWith = (change: object) =>
    typeWith({ rules: [{ index: 0, effect: 'allow', reason: 'any', actions: ['read'], ...change }] });

  it('is read where it has a rule of each form', () => {
    const when = {
      op: 'or',
      of: [
        { op: 'eq', field: 'id', value: 'a' },
        { op: 'missing', field: 'id' },
      ],
    };
    expect(unpackAccess(ruleWith({ when, fields: ['id'] }) as never).can('read', 'Product', { id: 'a' })).toBe(true);
  });

  it.each([
    { packed: null },
    { packed: {} },
    { packed: [] },
    { packed: 'text' },
    { packed: { version: 2, types: {} } },
    { packed: { version: 1 } },
    { packed: { version: 1, types: [] } },
    { packed: { version: 1, types: { Product: null } } },
    { packed: typeWith({ fields: null }) },
    { packed: typeWith({ fields: { id: 'uuid' } }) },
    { packed: typeWith({ actions: 'read' }) },
    { packed: typeWith({ rules: {} }) },
    { packed: typeWith({ rules: [null] }) },
    { packed: ruleWith({ effect: 'permit' }) },
    { packed: ruleWith({ index: '0' }) },
    { packed: ruleWith({ actions: [1] }) },
    { packed: ruleWith({ fields: 'id' }) },
    { packed: ruleWith({ when: {} }) },
    { packed: ruleWith({ when: { op: 'and', of: [{ op: 'eq', field: 'id' }] } }) },
    { packed: ruleWith({ when: { op: 'in', field: 'id', values: 'a' } }) },
    { packed: ruleWith({ after: { op: 'like', field: 'id', value: 'a' } }) },
    { packed: ruleWith({ textForUser: 1 }) },
  ])('is refused when it is $packed', ({ packed: wrong }) => {
    expect(() => unpackAccess(wrong as never)).toThrow(/packed by this version of @sallyport\/policy: pack it anew/);
  });
});
