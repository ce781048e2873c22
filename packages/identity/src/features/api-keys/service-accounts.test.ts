import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canRace, onDatabase, type Harness } from '../../identity.test-support.ts';
import { operate, present, startKeyHarness } from './api-key.test-support.ts';
import type { ServiceAccount } from './service-accounts.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await startKeyHarness();
});
afterEach(() => harness.close());

const create = async (name = 'billing', roles: readonly string[] = ['vendor']): Promise<ServiceAccount> =>
  (await operate(harness, 'service-accounts/create', { name, roles })) as ServiceAccount;
const makeSecret = async ({ id }: ServiceAccount, scopes = ['product:read']): Promise<string> => {
  const made = await operate(harness, 'api-keys/create', { owner: { kind: 'service', id }, name: 'Main', scopes });
  return (made as { readonly secret: string }).secret;
};

describe(onDatabase('a service account'), () => {
  it('calls with its keys, as a service', async () => {
    const account = await create();
    const secret = await makeSecret(account);
    const found = await present(harness, secret);
    expect(found).toMatchObject({
      principal: { kind: 'service', id: account.id, roles: [], permissions: ['product:read'], credential: 'api-key' },
    });
    expect(typeof found === 'string' ? {} : found.principal).not.toHaveProperty('profile');
    expect(await operate(harness, 'service-accounts/list', {})).toMatchObject([{ name: 'billing', isDisabled: false }]);
    expect(await operate(harness, 'service-accounts/find', { name: 'billing' })).toMatchObject({ id: account.id });
    expect(await operate(harness, 'service-accounts/find', { name: 'other' })).toBeNull();
  });

  it('that is disabled lets none of its keys in, and every cache hears of it', async () => {
    const account = await create();
    const secret = await makeSecret(account);
    await operate(harness, 'service-accounts/set-disabled', { id: account.id, isDisabled: true });
    expect(await present(harness, secret)).toBe('api-key-owner-gone');
    expect(harness.heard).toMatchObject([{ event: { kind: 'user', id: account.id, minGeneration: 2 } }]);
    const owner = { kind: 'service', id: account.id };
    await expect(operate(harness, 'api-keys/create', { owner, name: 'More', scopes: [] })).rejects.toMatchObject({
      code: 'SP_NOT_FOUND',
    });
    await operate(harness, 'service-accounts/set-disabled', { id: account.id, isDisabled: false });
    expect(await present(harness, secret)).toMatchObject({ principal: { generation: { user: 3 } } });
  });

  it('hands on no permission that its roles have lost', async () => {
    const account = await create('billing', ['admin']);
    const secret = await makeSecret(account, ['product:read', 'user:manage']);
    await operate(harness, 'service-accounts/set-roles', { id: account.id, roles: ['user'] });
    expect(await present(harness, secret)).toMatchObject({ principal: { permissions: ['product:read'] } });
    const events = (await harness.events()).filter(({ type }) => String(type).startsWith('service-account.'));
    expect(events.map(({ type, actor }) => [type, actor])).toEqual([
      ['service-account.created', 'operator:ada'],
      ['service-account.roles-changed', 'operator:ada'],
    ]);
  });

  it.each([
    ['a name that is taken', { name: 'billing' }, 'SP_CONFLICT'],
    ['a role that there is not', { roles: ['boss'] }, 'SP_VALIDATION_FAILED'],
    ['a name in capitals', { name: 'Billing' }, 'SP_VALIDATION_FAILED'],
    ['a name with a blank', { name: 'bill ing' }, 'SP_VALIDATION_FAILED'],
    ['a name that begins with a dash', { name: '-x' }, 'SP_VALIDATION_FAILED'],
    ['no name', { name: '' }, 'SP_VALIDATION_FAILED'],
    ['a name that is too long', { name: 'a'.repeat(65) }, 'SP_VALIDATION_FAILED'],
    ['an id', { id: 'x' }, 'SP_VALIDATION_FAILED'],
  ])('is not made with %s', async (_name, change, code) => {
    await create();
    const input = { name: 'other', roles: ['user'], ...change };
    await expect(operate(harness, 'service-accounts/create', input)).rejects.toMatchObject({ code });
    expect(await operate(harness, 'service-accounts/list', {})).toHaveLength(1);
  });

  it('that there is not cannot be changed', async () => {
    for (const [name, more] of [
      ['set-roles', { roles: ['user'] }],
      ['set-disabled', { isDisabled: true }],
    ] as const)
      await expect(operate(harness, `service-accounts/${name}`, { id: 'x', ...more })).rejects.toMatchObject({
        code: 'SP_NOT_FOUND',
      });
  });

  it.runIf(canRace())('is made once, however many operators make it at the same time', async () => {
    const outcomes = await Promise.allSettled([create(), create(), create()]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'SP_CONFLICT' });
  });

  it.runIf(canRace())('has every change of two at the same time', async () => {
    const { id } = await create();
    await Promise.all([
      operate(harness, 'service-accounts/set-roles', { id, roles: ['user'] }),
      operate(harness, 'service-accounts/set-disabled', { id, isDisabled: true }),
    ]);
    expect(await operate(harness, 'service-accounts/find', { name: 'billing' })).toMatchObject({
      roles: ['user'],
      isDisabled: true,
      generation: 3,
    });
  });
});
