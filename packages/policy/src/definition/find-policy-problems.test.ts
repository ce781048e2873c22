import { OptionsError } from '@sallyport/core/browser';
import { describe, expect, it } from 'vitest';
import { shopPolicy } from '../shop-policy.test-support.ts';
import { findPolicyProblems } from './find-policy-problems.ts';
import { parsePolicy } from './parse-policy.ts';

const valid = {
  permissions: { 'product:read': 'Read products' },
  roles: { user: ['product:read'] },
  organizationRoles: { owner: ['product:read'] },
  records: {
    Product: {
      fields: { id: 'string', count: 'number', isNew: 'boolean', at: 'date', lines: 'json', tags: 'string[]' },
      actions: ['publish'],
    },
  },
};
const withRule = (rule: unknown): unknown => ({
  ...valid,
  rules: [{ allow: 'read', on: 'Product', to: 'everyone' }, rule],
});
const withCondition = (when: unknown): unknown => withRule({ deny: 'read', on: 'Product', reason: 'hidden', when });
const withFields = (fields: unknown): unknown => ({ ...valid, records: { Product: { fields } } });
const withActions = (actions: unknown): unknown => ({
  ...valid,
  records: { Product: { fields: { id: 'string' }, actions } },
});
const parsed = (json: string): unknown => JSON.parse(json);

describe('the definition of a policy', () => {
  it.each([
    { name: 'that is no object', definition: 'x', says: /a policy is an object/ },
    {
      name: 'with an unknown member',
      definition: { ...valid, rule: [] },
      says: /"rule" is not known here: did you mean "rules"/,
    },
    { name: 'with an undefined member', definition: { ...valid, rules: undefined }, says: /rules: is undefined/ },
    { name: 'without permissions', definition: { roles: {} }, says: /permissions: permissions are an object/ },
    {
      name: 'with a permission without a colon',
      definition: { permissions: { read: 'x' }, roles: {} },
      says: /write resource:action/,
    },
    {
      name: 'with a permission that says nothing',
      definition: { permissions: { 'a:b': ' ' }, roles: {} },
      says: /permissions.a:b: " " says nothing/,
    },
    { name: 'without roles', definition: { permissions: {} }, says: /roles: roles are an object/ },
    {
      name: 'with a role that is no list',
      definition: { permissions: {}, roles: { user: 'x' } },
      says: /roles.user: "x" is no list/,
    },
    {
      name: 'with a role that every object has',
      definition: parsed('{"permissions":{},"roles":{"__proto__":[]}}'),
      says: /"__proto__" cannot be the name of a role/,
    },
    {
      name: 'with a role that would be stored as two others',
      definition: { permissions: {}, roles: { 'shop admin': [] } },
      says: /"shop admin" cannot be the name of a role: it has a blank/,
    },
    {
      name: 'with an unknown source',
      definition: { ...valid, source: 'files' },
      says: /source: "files" is no source of roles: did you mean "file"/,
    },
    {
      name: 'with a type whose name is no name',
      definition: { ...valid, records: { 'order line': { fields: { id: 'string' } } } },
      says: /"order line" cannot be the name/,
    },
    {
      name: 'with a type that every object has',
      definition: { ...valid, records: { constructor: { fields: { id: 'string' } } } },
      says: /"constructor" cannot be the name/,
    },
    {
      name: 'with a type without fields',
      definition: { ...valid, records: { Product: {} } },
      says: /records.Product: a type of record is an object with "fields"/,
    },
    { name: 'with a type with no field', definition: withFields({}), says: /at least one field/ },
    {
      name: 'with a field called constructor',
      definition: withFields({ constructor: 'string' }),
      says: /"constructor" cannot be a field/,
    },
    {
      name: 'with a field called __proto__',
      definition: parsed('{"permissions":{},"roles":{},"records":{"P":{"fields":{"__proto__":"string"}}}}'),
      says: /"__proto__" cannot be a field/,
    },
    {
      name: 'with a field that begins with $',
      definition: withFields({ $where: 'string' }),
      says: /"\$where" cannot be a field/,
    },
    {
      name: 'with a field that has a dot',
      definition: withFields({ 'address.city': 'string' }),
      says: /cannot be a field/,
    },
    {
      name: 'with a field that would end quotes',
      definition: withFields({ 'a"b': 'string' }),
      says: /cannot be a field/,
    },
    {
      name: 'with a field called or',
      definition: withFields({ or: 'string' }),
      says: /conditions mean something by it/,
    },
    { name: 'with an unknown type of a field', definition: withFields({ id: 'strng' }), says: /did you mean "string"/ },
    { name: 'with an action that is a wildcard', definition: withActions(['*']), says: /"\*" cannot be an action/ },
    { name: 'with an action that exists always', definition: withActions(['read']), says: /need not be declared/ },
    { name: 'with an action declared twice', definition: withActions(['a', 'a']), says: /declared twice/ },
    {
      name: 'with rules that are no list',
      definition: { ...valid, rules: {} },
      says: /rules: a value of type object is no list/,
    },
  ])('$name is refused', ({ definition, says }) => {
    expect(() => parsePolicy(definition)).toThrow(OptionsError);
    expect(() => parsePolicy(definition)).toThrow(says);
  });

  it('lists every problem at once, with the place of each', () => {
    const problems = findPolicyProblems({ ...(withCondition({ cuont: { eq: 1 } }) as object), source: 'x' });
    expect(problems).toEqual([
      { path: ['source'], message: 'source: "x" is no source of roles: write one of database, file' },
      {
        path: ['rules', 1, 'when'],
        message: 'rules[1] (hidden) when: "cuont" is no field of the type: did you mean "count"?',
      },
    ]);
  });

  it('is the same policy when it is checked again, as when a configuration holds one', () => {
    expect(parsePolicy(shopPolicy)).toBe(shopPolicy);
    expect(parsePolicy({ ...shopPolicy })).toEqual(shopPolicy);
  });

  it('cannot be changed afterwards, nor by what it was made from', () => {
    const rules = [{ allow: 'read', on: 'Product', to: 'everyone', when: { id: { eq: 'a' } } }];
    const policy = parsePolicy({ ...valid, rules });
    const [rule] = rules;
    if (rule !== undefined) rule.to = 'product:read';
    expect(policy.rules[0]?.to).toBe('everyone');
    expect(Object.isFrozen(policy.rules[0]?.when)).toBe(true);
  });
});

describe('a rule', () => {
  it.each([
    { name: 'that is no object', rule: 'x', says: /rules\[1\]: "x" is no rule/ },
    {
      name: 'with an unknown member',
      rule: { deny: 'read', on: 'Product', if: {} },
      says: /rules\[1\]: "if" is not known/,
    },
    { name: 'with neither allow nor deny', rule: { on: 'Product' }, says: /either "allow" or "deny"/ },
    {
      name: 'with both',
      rule: { allow: 'read', deny: 'read', on: 'Product', to: 'everyone' },
      says: /either "allow" or "deny"/,
    },
    { name: 'that allows without saying to whom', rule: { allow: 'read', on: 'Product' }, says: /says not to whom/ },
    {
      name: 'to a role instead of a permission',
      rule: { allow: 'read', on: 'Product', to: 'user' },
      says: /"user" is no declared permission/,
    },
    {
      name: 'that allows with unless',
      rule: { allow: 'read', on: 'Product', to: 'everyone', unless: 'product:read' },
      says: /"unless" is for rules that deny/,
    },
    {
      name: 'that is about no caller',
      rule: { deny: 'read', on: 'Product', to: 'product:read', unless: 'product:read' },
      says: /about no caller/,
    },
    { name: 'without a type', rule: { deny: 'read' }, says: /type undefined is not declared/ },
    { name: 'without an action', rule: { deny: [], on: 'Product' }, says: /names no action/ },
    {
      name: 'with an action that is undefined',
      rule: { deny: ['read', undefined], on: 'Product' },
      says: /action undefined is not known/,
    },
    { name: 'with an action twice', rule: { deny: ['read', 'read'], on: 'Product' }, says: /named twice/ },
    { name: 'with * among others', rule: { deny: ['read', '*'], on: 'Product' }, says: /write it alone/ },
    { name: 'with no fields', rule: { deny: 'read', on: 'Product', fields: [] }, says: /names no field/ },
    {
      name: 'with a pattern of fields',
      rule: { deny: 'read', on: 'Product', fields: ['co*'] },
      says: /"co\*" is no field/,
    },
    {
      name: 'that deletes fields',
      rule: { deny: ['update', 'delete'], on: 'Product', fields: ['id'] },
      says: /deleted as a whole/,
    },
    {
      name: 'with after where nothing is written',
      rule: { allow: ['read', 'delete'], on: 'Product', to: 'everyone', after: {} },
      says: /"after" has no effect on read and delete/,
    },
    {
      name: 'that denies what comes of reading, too',
      rule: { deny: ['read', 'update'], on: 'Product', after: {} },
      says: /"after" has no effect on read and delete/,
    },
    {
      name: 'with a reason that is no code',
      rule: { deny: 'read', on: 'Product', reason: 'Not yours' },
      says: /is no code/,
    },
    {
      name: 'with the reason of a decision without a rule',
      rule: { deny: 'read', on: 'Product', reason: 'no-rule-allows' },
      says: /choose another/,
    },
    {
      name: 'with the reason of another rule',
      rule: { deny: 'read', on: 'Product', reason: 'rule-0' },
      says: /choose another/,
    },
    {
      name: 'with an empty text',
      rule: { deny: 'read', on: 'Product', texts: { user: '' } },
      says: /texts.user: "" is no sentence/,
    },
    {
      name: 'with an undefined member',
      rule: { deny: 'read', on: 'Product', when: undefined },
      says: /"when" is undefined/,
    },
  ])('$name is refused', ({ rule, says }) => {
    expect(() => parsePolicy(withRule(rule))).toThrow(says);
  });
});

describe('a condition', () => {
  const circle: { and: unknown[] } = { and: [] };
  circle.and.push(circle);

  it.each([
    { name: 'that is no object', when: 'x', says: /rules\[1\] \(hidden\) when: "x" is no condition/ },
    { name: 'that is a list', when: [], says: /a list is no condition/ },
    { name: 'that is a function', when: () => true, says: /a value of type function is no condition/ },
    { name: 'on an unknown field', when: { cuont: { eq: 1 } }, says: /did you mean "count"/ },
    { name: 'on a field of every object', when: parsed('{"__proto__":{"eq":1}}'), says: /"__proto__" is no field/ },
    {
      name: 'with an operator of MongoDB',
      when: { count: { $gt: 1 } },
      says: /rules\[1\] \(hidden\) when.count: "\$gt" is no operator/,
    },
    { name: 'with a branch of MongoDB', when: { $or: [] }, says: /"\$or" is no field of the type: did you mean "or"/ },
    { name: 'with an unknown operator', when: { count: { eqq: 1 } }, says: /"eqq" is no operator: did you mean "eq"/ },
    { name: 'with a value instead of a test', when: { id: 'a' }, says: /write \{ eq: "a" \}/ },
    { name: 'with null instead of a test', when: { id: null }, says: /null is no test/ },
    { name: 'with an empty test', when: { id: {} }, says: /tests nothing/ },
    {
      name: 'that compares with undefined',
      when: { id: { eq: undefined } },
      says: /when.id.eq: is undefined, which would match what is missing/,
    },
    { name: 'that compares with null', when: { id: { ne: null } }, says: /write \{ exists: false \}/ },
    { name: 'that compares with a function', when: { id: { eq: () => 'a' } }, says: /cannot be compared/ },
    { name: 'that compares with a Date', when: { id: { eq: new Date(0) } }, says: /cannot be compared/ },
    { name: 'that compares with a pattern', when: { id: { eq: /a/ } }, says: /cannot be compared/ },
    { name: 'that compares text with a number', when: { id: { eq: 1 } }, says: /1 is no string/ },
    { name: 'that compares a list with a list', when: { tags: { eq: ['a'] } }, says: /a list cannot be compared/ },
    { name: 'that compares with NaN', when: { count: { eq: Number.NaN } }, says: /no number that a database knows/ },
    { name: 'that compares with NUL', when: { id: { eq: 'a\0' } }, says: /databases cannot store/ },
    { name: 'that compares with half a character', when: { id: { eq: '\ud800' } }, says: /databases cannot store/ },
    { name: 'that compares dates', when: { at: { eq: 'x' } }, says: /"eq" cannot test a field of type date/ },
    { name: 'that compares documents', when: { lines: { in: ['x'] } }, says: /"in" cannot test a field of type json/ },
    {
      name: 'with an empty in',
      when: { id: { in: [] } },
      says: /an empty list is no list of values: it would never match/,
    },
    { name: 'with an undefined element', when: { id: { in: ['a', undefined] } }, says: /in\[1\]: is undefined/ },
    {
      name: 'with in of one value of the caller',
      when: { id: { in: { subject: 'id' } } },
      says: /compare it with eq or ne/,
    },
    {
      name: 'with eq of a list of the caller',
      when: { id: { eq: { subject: 'roles' } } },
      says: /compare with it by in/,
    },
    {
      name: 'with an unknown value of the caller',
      when: { id: { eq: { subject: 'email' } } },
      says: /'id' \| 'org' \| 'kind'/,
    },
    {
      name: 'with two values of the caller',
      when: { id: { eq: { subject: 'id', field: 'x' } } },
      says: /write a value, or/,
    },
    {
      name: 'that compares a number with the caller',
      when: { count: { eq: { subject: 'id' } } },
      says: /is text, and the field holds a number/,
    },
    { name: 'with exists of a text', when: { id: { exists: 'yes' } }, says: /neither true nor false/ },
    { name: 'with an empty or', when: { or: [] }, says: /an empty list is no list of conditions/ },
    { name: 'with an and that is no list', when: { and: { id: { eq: 'a' } } }, says: /is no list of conditions/ },
    {
      name: 'with a mistake in a branch',
      when: { or: [{ id: { eq: 'a' } }, { idd: { eq: 'a' } }] },
      says: /when.or\[1\]: "idd"/,
    },
    { name: 'that holds itself', when: circle, says: /levels deep/ },
    {
      name: 'on a value that callers do not have',
      when: { subject: { email: { eq: 'a' } } },
      says: /"email" is no value of a caller/,
    },
    { name: 'on an unknown role', when: { subject: { roles: { eq: 'usr' } } }, says: /did you mean "user"/ },
    {
      name: 'on a system role in an organization',
      when: { subject: { orgRoles: { eq: 'user' } } },
      says: /"user" is not declared/,
    },
    { name: 'on an unknown kind', when: { subject: { kind: { in: ['robot'] } } }, says: /"robot" is not declared/ },
    {
      name: 'on whether roles exist',
      when: { subject: { roles: { exists: true } } },
      says: /no operator for the caller's roles/,
    },
    { name: 'with nothing of the caller', when: { subject: {} }, says: /subject: \{ org: \{ exists: true \} \}/ },
  ])('$name is refused', ({ when, says }) => {
    expect(() => parsePolicy(withCondition(when))).toThrow(says);
  });
});
