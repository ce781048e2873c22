import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { goodPassword, onDatabase, type Harness } from '../../identity.test-support.ts';
import {
  eventsOf,
  makeOrganization,
  makePerson,
  rolesOf,
  startOrganizationHarness,
  type Person,
} from './organization.test-support.ts';

/* Operators name members by the address of an account, which may be one that no user has proved yet. */

const email = 'bob@example.test';
let harness: Harness;
let ada: Person;
beforeEach(async () => {
  harness = await startOrganizationHarness();
  ada = await makePerson(harness, 'ada');
});
afterEach(() => harness.close());

const operate = async (name: string, input: object): Promise<unknown> => {
  const operation = harness.identity.operations.find((one) => one.name === `organizations/${name}`);
  return operation?.run(input, { actor: 'operator:ada', requestId: 'operator', address: 'local' });
};
const organizationsStored = () => harness.database.records.count({ model: 'sallyportOrganization' });

describe(onDatabase('an imported account whose address is not confirmed'), () => {
  it('stays what operators made it when its owner proves the address', async () => {
    const user = { name: 'Bob', email, roles: ['user'], emailVerified: false };
    const { id } = await harness.identity.accounts.createUser(user);
    const made = (await operate('create', { name: 'Globex', ownerId: id })) as { readonly organizationId: string };
    const acme = await makeOrganization(ada);
    await operate('set-member', { organizationId: acme, userId: id, roles: ['clerk'] });
    await harness.call('POST', '/auth/request-password-reset', { email });
    const token = await harness.linkToken(email, 'reset-password');
    const reset = await harness.call('POST', '/auth/reset-password', { token, newPassword: goodPassword });
    expect(reset.status).toBe(200);
    expect(await rolesOf(harness, made.organizationId, { id })).toEqual(['owner']);
    expect(await rolesOf(harness, acme, { id })).toEqual(['clerk']);
    expect(await organizationsStored()).toBe(2);
    expect(await eventsOf(harness, 'organization.member-left')).toEqual([]);
  });
});

describe(onDatabase('an operator'), () => {
  it('makes no member of a sign-up that waits, which the next visitor replaces', async () => {
    const acme = await makeOrganization(ada);
    const person = { name: 'Mallory', email, password: goodPassword };
    expect((await harness.call('POST', '/auth/sign-up/email', person)).status).toBeLessThan(300);
    const { id = '' } = (await harness.identity.accounts.findByEmail(email)) ?? {};
    const refusal = { code: 'SP_CONFLICT', reason: 'address-unproven' };
    await expect(operate('create', { name: 'Globex', ownerId: id })).rejects.toMatchObject(refusal);
    const member = { organizationId: acme, userId: id, roles: ['clerk'] };
    await expect(operate('set-member', member)).rejects.toMatchObject(refusal);
    expect([await organizationsStored(), await rolesOf(harness, acme, { id })]).toEqual([1, undefined]);
  });

  it('makes no member of an account that is gone', async () => {
    const acme = await makeOrganization(ada);
    const { id } = await makePerson(harness, 'eve');
    await harness.identity.accounts.deleteUser(id);
    const refusal = { code: 'SP_NOT_FOUND', reason: 'account-unknown' };
    await expect(operate('create', { name: 'Globex', ownerId: id })).rejects.toMatchObject(refusal);
    const member = { organizationId: acme, userId: id, roles: ['clerk'] };
    await expect(operate('set-member', member)).rejects.toMatchObject(refusal);
    expect([await organizationsStored(), await rolesOf(harness, acme, { id })]).toEqual([1, undefined]);
  });
});
