import { shopPolicy } from '@sallyport/example-shop-kit/policy';
import { describe, expect, it } from 'vitest';
import config from '../../deploy/sallyport.config.ts';

/** What manages the deployment itself: the shop that is deployed has no pages for it. */
const leftOut: readonly string[] = ['user:manage', 'role:manage'];
const without = (permissions: readonly string[]): readonly string[] =>
  permissions.filter((permission) => !leftOut.includes(permission));

/** Images mount that file alone, so that it repeats the policy of the shop: it must not say anything else. */
describe('the policy of deploy/sallyport.config.ts', () => {
  it('permits what the policy file of the shop does', () => {
    const { permissions, roles } = config.policy;
    const expected = Object.entries(shopPolicy.permissions).filter(([name]) => !leftOut.includes(name));
    expect(permissions).toEqual(Object.fromEntries(expected));
    expect(roles).toEqual(
      Object.fromEntries(Object.entries(shopPolicy.roles).map(([name, held]) => [name, without(held)])),
    );
  });
});
