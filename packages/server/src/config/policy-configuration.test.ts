import { definePolicy } from '@sallyport/policy';
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from './configuration-error.ts';
import { parseConfig } from './parse-config.ts';

const policy = definePolicy({
  permissions: { 'product:update': "Change one's own products" },
  roles: { vendor: ['product:update'] },
  records: { Product: { fields: { id: 'string', vendorId: 'string', status: 'string' }, actions: ['publish'] } },
  rules: [
    { allow: 'read', on: 'Product', to: 'everyone', when: { status: { eq: 'published' } } },
    {
      allow: ['update', 'publish'],
      on: 'Product',
      to: 'product:update',
      when: { vendorId: { eq: { subject: 'id' } } },
      after: {},
      reason: 'own',
    },
    { deny: 'update', on: 'Product', fields: ['vendorId'], reason: 'owner-is-fixed', texts: { user: 'It stays.' } },
  ],
});
const withPolicy = (change: object): object => ({
  publicUrl: 'https://app.example.com',
  policy: { ...policy, ...change },
  routes: [{ name: 'shop', prefix: '/api', upstream: 'http://127.0.0.1:1', audience: 'shop', access: 'signed-in' }],
});
/** The second rule, changed. */
const withRule = (change: object): object =>
  withPolicy({ rules: policy.rules.with(1, { ...policy.rules[1], ...change } as never) });

interface BadRule {
  readonly name: string;
  readonly change: object;
  readonly says: RegExp;
}

describe('the policy of the configuration', () => {
  it('is what definePolicy() returned, rules and all', () => {
    const config = parseConfig(withPolicy({}), 'test');
    expect(config.policy).toEqual(policy);
  });

  it('has neither records nor rules where none are written', () => {
    const bare = { permissions: policy.permissions, roles: policy.roles };
    const { records, rules } = parseConfig({ ...withPolicy({}), policy: bare }, 'test').policy;
    expect({ records, rules }).toEqual({ records: {}, rules: [] });
  });

  it.each<BadRule>([
    {
      name: 'an unknown operator',
      change: { when: { status: { equals: 'x' } } },
      says: /policy\.rules\.1\S* +rules\[1\] \(own\).*"equals" is no operator/,
    },
    { name: 'an operator of MongoDB', change: { when: { $or: [] } }, says: /rules\[1\] \(own\)/ },
    {
      name: 'an unknown field',
      change: { when: { statsu: { eq: 'x' } } },
      says: /rules\[1\] \(own\).*did you mean "status"\?/,
    },
    { name: 'a name of every object', change: { when: { constructor: { eq: 'x' } } }, says: /rules\[1\] \(own\)/ },
    {
      name: 'an undefined value',
      change: { when: { status: { eq: undefined } } },
      says: /rules\[1\] \(own\).*undefined/,
    },
    { name: 'an empty list', change: { when: { status: { in: [] } } }, says: /rules\[1\] \(own\).*empty list/ },
    { name: 'a value of another kind', change: { when: { status: { eq: 3 } } }, says: /rules\[1\] \(own\)/ },
    { name: 'an unknown type', change: { on: 'Prodct' }, says: /rules\[1\] \(own\).*"Prodct" is not declared/ },
    { name: 'an unknown action', change: { allow: 'raed' }, says: /rules\[1\] \(own\).*did you mean "read"\?/ },
    { name: 'an undeclared permission', change: { to: 'product:updat' }, says: /rules\[1\] \(own\).*did you mean/ },
    { name: 'both allow and deny', change: { deny: 'read' }, says: /rules\[1\] \(own\).*either "allow" or "deny"/ },
  ])('refuses the start for $name, and names the rule', ({ change, says }) => {
    expect(() => parseConfig(withRule(change), 'test')).toThrow(ConfigurationError);
    expect(() => parseConfig(withRule(change), 'test')).toThrow(says);
  });

  it.each([
    { name: 'of the policy', input: withPolicy({ rule: [] }), key: 'policy.rule' },
    { name: 'of a rule', input: withRule({ wen: {} }), key: 'policy.rules.1.wen' },
    { name: 'of texts', input: withRule({ texts: { users: 'x' } }), key: 'policy.rules.1.texts.users' },
    {
      name: 'of a record',
      input: withPolicy({ records: { Product: { fields: { id: 'string' }, action: [] } }, rules: [] }),
      key: 'policy.records.Product.action',
    },
  ])('refuses a key $name that is not known', ({ input, key }) => {
    expect(() => parseConfig(input, 'test')).toThrow(`${key}  is not a key of the configuration`);
  });

  it('names what is wrong with several rules at once, beside other settings', () => {
    const rules = [{ ...policy.rules[0], on: 'Order' }, policy.rules[1], { ...policy.rules[2], fields: ['owner'] }];
    const parse = (): unknown => parseConfig({ ...withPolicy({ rules }), hosts: ['a b'] }, 'test');
    expect(parse).toThrow(/hosts\.0/);
    expect(parse).toThrow(/rules\[0\].*"Order"/);
    expect(parse).toThrow(/rules\[2\] \(owner-is-fixed\).*"owner" is no field/);
  });
});
