import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canRace, onDatabase, type Harness } from '../../identity.test-support.ts';
import {
  certificateAuthenticator,
  operate,
  present,
  presentCertificate,
  startKeyHarness,
} from './api-key.test-support.ts';
import type { ServiceAccount } from './service-accounts.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await startKeyHarness();
});
afterEach(() => harness.close());

const create = async (
  name = 'billing',
  roles: readonly string[] = ['vendor'],
  certificate?: string,
): Promise<ServiceAccount> =>
  (await operate(harness, 'service-accounts/create', { name, roles, certificate })) as ServiceAccount;
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
      ['set-certificate', { certificate: 'CN=x' }],
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

  describe('with a certificate', () => {
    const name = 'spiffe://acme/billing';
    const present = (certificate = name) => presentCertificate(harness, certificate);
    const setCertificate = (id: string, certificate: string | null) =>
      operate(harness, 'service-accounts/set-certificate', { id, certificate });

    it('calls with all that its roles permit', async () => {
      const { id } = await create('billing', ['vendor'], name);
      expect(await present()).toMatchObject({
        principal: {
          kind: 'service',
          id,
          credential: 'mtls',
          roles: ['vendor'],
          permissions: ['product:read'],
        },
        credentialId: name,
      });
      expect(await present('spiffe://acme/other')).toBe('certificate-not-mapped');
    });

    it('is known by the one form of a name, however an operator writes it', async () => {
      await create('billing', ['user'], 'cn=billing, o=Acme');
      expect(await present('CN=billing,O=Acme')).toMatchObject({ credentialId: 'CN=billing,O=Acme' });
      expect(await present('CN=Billing,O=Acme')).toBe('certificate-not-mapped');
    });

    it('is not called by the name before, and every cache hears of it', async () => {
      const { id } = await create('billing', ['user'], name);
      await setCertificate(id, 'spiffe://acme/next');
      expect(await present()).toBe('certificate-not-mapped');
      expect(await present('spiffe://acme/next')).toMatchObject({ principal: { id } });
      expect(harness.heard).toMatchObject([{ event: { kind: 'user', id, minGeneration: 2 } }]);
      await setCertificate(id, null);
      expect(await present('spiffe://acme/next')).toBe('certificate-not-mapped');
      const events = (await harness.events()).filter(({ type }) => type === 'service-account.certificate-changed');
      expect(events.map(({ details }) => JSON.parse(String(details)) as unknown)).toEqual([
        { name: 'billing', from: name, to: 'spiffe://acme/next' },
        { name: 'billing', from: 'spiffe://acme/next' },
      ]);
    });

    it('lets no machine in once it is disabled, and ends streams', async () => {
      const { id } = await create('billing', ['user'], name);
      await operate(harness, 'service-accounts/set-disabled', { id, isDisabled: true });
      expect(await present()).toBe('certificate-account-disabled');
      expect(await certificateAuthenticator(harness).recheck(name)).toBeNull();
    });

    it('may have none, as many others', async () => {
      await create('one');
      await create('two');
      expect(await operate(harness, 'service-accounts/list', {})).toMatchObject([
        { certificate: null },
        { certificate: null },
      ]);
    });

    it('has it alone', async () => {
      await create('billing', ['user'], name);
      await expect(create('other', ['user'], name)).rejects.toMatchObject({
        code: 'SP_CONFLICT',
        reason: 'certificate-taken',
      });
      const { id } = await create('other');
      await expect(setCertificate(id, name)).rejects.toMatchObject({
        code: 'SP_CONFLICT',
        reason: 'certificate-taken',
      });
      expect(await setCertificate((await create('third')).id, 'CN=third')).toMatchObject({ certificate: 'CN=third' });
    });

    it.each(['', 'billing', 'spiffe://ACME/billing', 'spiffe://acme/billing?x', 'CN=a,', `CN=${'a'.repeat(600)}`])(
      'has not the name "%s"',
      async (certificate) => {
        await expect(create('other', ['user'], certificate)).rejects.toMatchObject({ code: 'SP_VALIDATION_FAILED' });
        const { id } = await create();
        await expect(setCertificate(id, certificate)).rejects.toMatchObject({ code: 'SP_VALIDATION_FAILED' });
      },
    );

    it.runIf(canRace())('is one, however many ask for its certificate at the same time', async () => {
      const accounts = await Promise.all(['one', 'two', 'three'].map((account) => create(account)));
      const outcomes = await Promise.allSettled([
        ...accounts.map(({ id }) => setCertificate(id, name)),
        create('four', ['user'], name),
      ]);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'SP_CONFLICT' });
      const listed = (await operate(harness, 'service-accounts/list', {})) as ServiceAccount[];
      expect(listed.filter(({ certificate }) => certificate === name)).toHaveLength(1);
    });
  });
});
