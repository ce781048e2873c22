import { SallyportError, type OrganizationAnswer } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { onDatabase, startHarness, type Harness } from '../../identity.test-support.ts';
import {
  activate,
  eventsOf,
  join,
  listOf,
  makeOrganization,
  makePerson,
  organizationPolicy,
  rolesOf,
  sessionOf,
  signPersonIn,
  startOrganizationHarness,
  type Person,
} from './organization.test-support.ts';

let harness: Harness;
let ada: Person;
beforeEach(async () => {
  harness = await startOrganizationHarness();
  ada = await makePerson(harness, 'ada');
});
afterEach(() => harness.close());

const restart = async (options: Parameters<typeof startOrganizationHarness>[0]): Promise<void> => {
  await harness.close();
  harness = await startOrganizationHarness(options);
  ada = await makePerson(harness, 'ada');
};

describe(onDatabase('an organization'), () => {
  it('is owned by the user who makes it, and active in no session yet', async () => {
    const answer = await ada.call('POST', '', { name: ' Acme ' });
    expect(answer.status).toBe(201);
    const { organization, ...rest } = answer.body as OrganizationAnswer;
    expect(organization).toMatchObject({ name: 'Acme', roles: ['owner'], isActive: false });
    expect(rest).toEqual({
      members: 1,
      may: { rename: true, delete: true, manageMembers: true, leave: false },
      offeredRoles: ['owner', 'manager', 'clerk', 'guest'],
      roles: ['owner', 'manager', 'clerk', 'guest'],
    });
    expect(await listOf(ada)).toEqual({ organizations: [organization], mayCreate: true });
    expect(await ada.caller()).not.toHaveProperty('org');
    expect(await eventsOf(harness, 'organization.created')).toMatchObject([
      { actor: ada.id, target: ada.id, details: { organization: organization.id, roles: ['owner'] } },
    ]);
  });

  it.each([
    ['no name', {}],
    ['an empty one', { name: '  ' }],
    ['two lines', { name: 'Acme\nInc' }],
    ['a name that is too long', { name: 'a'.repeat(61) }],
    ['what reads like an address', { name: 'Win at evil.example' }],
    ['what reads like a link', { name: 'http://evil' }],
    ['an id of its own', { name: 'Acme', id: 'org_0' }],
    ['an owner of its own', { name: 'Acme', owner: 'someone' }],
  ])('is refused with %s', async (_name, body) => {
    expect(await ada.call('POST', '', body)).toMatchObject({ status: 422, body: { code: 'SP_VALIDATION_FAILED' } });
    expect(await listOf(ada)).toEqual({ organizations: [], mayCreate: true });
  });

  it('is for signed-in users alone', async () => {
    const requests = [
      ['GET', ''],
      ['POST', '', { name: 'Acme' }],
      ['POST', '/active', { organization: null }],
      ['GET', '/org_00000000000000000000'],
      ['POST', '/invitations/accept', { token: 'a'.repeat(43) }],
    ] as const;
    for (const [method, path, body] of requests)
      expect((await harness.call(method, `/auth/organizations${path}`, body)).status).toBe(401);
  });

  it('is one of so many for a user', async () => {
    await restart({ features: { organizations: { maxPerUser: 2 } } });
    await makeOrganization(ada);
    await makeOrganization(ada);
    expect(await listOf(ada)).toMatchObject({ mayCreate: false });
    expect(await ada.call('POST', '', { name: 'Third' })).toMatchObject({
      status: 409,
      body: { code: 'SP_CONFLICT', errors: [{ field: 'organization' }] },
    });
  });

  it('is made by operators alone where the configuration says so', async () => {
    await restart({ features: { organizations: { creation: 'operators' } } });
    expect(await listOf(ada)).toEqual({ organizations: [], mayCreate: false });
    expect((await ada.call('POST', '', { name: 'Acme' })).status).toBe(403);
  });

  it('is not made where its event cannot be written', async () => {
    let isBroken = false;
    await restart({
      events: { append: () => (isBroken ? Promise.reject(new Error('disk full')) : Promise.resolve()) },
    });
    isBroken = true;
    expect((await ada.call('POST', '', { name: 'Acme' })).status).toBeGreaterThanOrEqual(500);
    expect((await listOf(ada)).organizations).toEqual([]);
  });

  it('is renamed by an owner, and by no other member', async () => {
    const id = await makeOrganization(ada);
    const eve = await makePerson(harness, 'eve');
    await join(harness, id, eve, ['manager', 'clerk']);
    expect((await eve.call('PATCH', `/${id}`, { name: 'Eve' })).status).toBe(403);
    expect(await ada.call('PATCH', `/${id}`, { name: 'Globex' })).toMatchObject({
      status: 200,
      body: { organization: { name: 'Globex' } },
    });
    expect(await listOf(eve)).toMatchObject({ organizations: [{ name: 'Globex', roles: ['manager', 'clerk'] }] });
    expect(await eventsOf(harness, 'organization.access-refused')).toMatchObject([
      { actor: eve.id, details: { organization: id, reason: 'permission-missing', code: 'SP_FORBIDDEN' } },
    ]);
  });

  it('goes with its members and invitations, and leaves every session', async () => {
    const id = await makeOrganization(ada);
    const eve = await makePerson(harness, 'eve');
    await join(harness, id, eve, ['clerk']);
    await activate(eve, id);
    await ada.call('POST', `/${id}/invitations`, { email: 'new@example.test', roles: ['guest'] });
    expect((await eve.call('DELETE', `/${id}`)).status).toBe(403);
    expect((await ada.call('DELETE', `/${id}`)).status).toBe(204);
    expect(await eve.caller()).toMatchObject({ permissions: ['product:read'] });
    expect(await eve.caller()).not.toHaveProperty('org');
    expect((await harness.sessions.findBySid(eve.sid))?.org).toBeUndefined();
    for (const model of ['sallyportOrganization', 'sallyportOrganizationMember', 'sallyportOrganizationInvitation'])
      expect(await harness.database.records.count({ model })).toBe(0);
    expect(await ada.call('GET', `/${id}`)).toMatchObject({ status: 404, body: { code: 'SP_NOT_FOUND' } });
    expect(await eventsOf(harness, 'organization.deleted')).toMatchObject([
      { details: { organization: id, members: 2 } },
    ]);
  });

  it('leaves the sessions of all other members where one could not be told', async () => {
    const id = await makeOrganization(ada);
    const eve = await makePerson(harness, 'eve');
    await join(harness, id, eve, ['clerk']);
    for (const one of [ada, eve]) await activate(one, id);
    const heardBefore = harness.heard.length;
    vi.spyOn(harness.bus, 'publish').mockRejectedValueOnce(new SallyportError('SP_STORE_UNAVAILABLE'));
    expect((await ada.call('DELETE', `/${id}`)).status).toBe(503);
    for (const { sid } of [ada, eve]) expect((await harness.sessions.findBySid(sid))?.org).toBeUndefined();
    expect(harness.heard.slice(heardBefore)).toHaveLength(1);
  });

  it('needs a recent sign-in to be deleted, and none to be looked at or renamed', async () => {
    const id = await makeOrganization(ada);
    harness.advance(601);
    expect(await ada.call('DELETE', `/${id}`)).toMatchObject({ status: 401, body: { code: 'SP_STEP_UP_REQUIRED' } });
    expect((await ada.call('PATCH', `/${id}`, { name: 'Globex' })).status).toBe(200);
    expect((await ada.call('GET', `/${id}`)).status).toBe(200);
  });
});

describe(onDatabase('the active organization'), () => {
  it('gives the session its roles and permissions, and new tokens at once', async () => {
    const id = await makeOrganization(ada);
    const before = await harness.sessions.findBySid(ada.sid);
    const answer = await activate(ada, id);
    expect(answer).toMatchObject({ status: 200, body: { organization: { id, isActive: true, roles: ['owner'] } } });
    expect(await ada.caller()).toMatchObject({
      org: id,
      orgRoles: ['owner'],
      roles: ['user'],
      permissions: ['product:read', 'organization:manage', 'member:manage', 'invoice:read'],
      generation: { session: (before?.generation ?? 0) + 1 },
    });
    expect(harness.heard).toContainEqual({
      kind: 'revocation',
      event: expect.objectContaining({
        kind: 'session',
        id: ada.sid,
        minGeneration: (before?.generation ?? 0) + 1,
      }) as unknown,
    });
    expect(await sessionOf(harness, ada)).toMatchObject({ organization: { id, name: 'Acme', roles: ['owner'] } });
    expect(await listOf(ada)).toMatchObject({ organizations: [{ id, isActive: true }] });
  });

  it('is of one session, and not of the others of the same user', async () => {
    const id = await makeOrganization(ada);
    const phone = await signPersonIn(harness, ada.id, ada.email);
    await activate(ada, id);
    expect(await phone.caller()).not.toHaveProperty('org');
    expect(await sessionOf(harness, phone)).not.toHaveProperty('organization');
  });

  it('changes to another one with the roles of that one alone, and to none', async () => {
    const [own, other] = [await makeOrganization(ada), await makeOrganization(await makePerson(harness, 'eve'), 'Eve')];
    await join(harness, other, ada, ['clerk']);
    await activate(ada, own);
    await activate(ada, other);
    expect(await ada.caller()).toMatchObject({ org: other, permissions: ['product:read', 'invoice:read'] });
    expect(await activate(ada, null)).toMatchObject({ status: 200, body: { organization: null } });
    expect(await ada.caller()).toMatchObject({ permissions: ['product:read'] });
    expect(await ada.caller()).not.toHaveProperty('orgRoles');
    const events = await eventsOf(harness, 'organization.activated');
    expect(events.map(({ details }) => details)).toEqual([
      { from: null, to: own },
      { from: own, to: other },
      { from: other, to: null },
    ]);
  });

  it('changes nothing when it is the same', async () => {
    const id = await makeOrganization(ada);
    await activate(ada, id);
    const before = await harness.sessions.findBySid(ada.sid);
    expect((await activate(ada, id)).status).toBe(200);
    expect(await harness.sessions.findBySid(ada.sid)).toEqual(before);
    expect(await eventsOf(harness, 'organization.activated')).toHaveLength(1);
  });

  it('is not changed where its event cannot be written', async () => {
    let isBroken = false;
    await restart({
      events: { append: () => (isBroken ? Promise.reject(new Error('disk full')) : Promise.resolve()) },
    });
    const id = await makeOrganization(ada);
    isBroken = true;
    expect((await activate(ada, id)).status).toBeGreaterThanOrEqual(500);
    expect((await harness.sessions.findBySid(ada.sid))?.org).toBeUndefined();
  });

  it('is believed by no session of a user who is no member', async () => {
    const id = await makeOrganization(await makePerson(harness, 'eve'));
    const { generation } = (await harness.sessions.findBySid(ada.sid)) ?? { generation: 0 };
    await harness.sessions.change(ada.sid, generation, { org: id });
    expect(await ada.caller()).toMatchObject({ permissions: ['product:read'] });
    expect(await ada.caller()).not.toHaveProperty('org');
  });

  it('gives nothing for roles that the policy has no more', async () => {
    const id = await makeOrganization(ada);
    const eve = await makePerson(harness, 'eve');
    await join(harness, id, eve, ['gone', 'constructor', 'clerk']);
    await activate(eve, id);
    expect(await eve.caller()).toMatchObject({ orgRoles: ['clerk'], permissions: ['product:read', 'invoice:read'] });
  });

  it.each([
    ['what is no handle', { organization: 'acme' }, 404],
    ['an empty one', { organization: '' }, 404],
    ['nothing', {}, 422],
    ['a number', { organization: 7 }, 422],
    ['roles', { organization: null, roles: ['owner'] }, 422],
  ])('is not changed by %s', async (_name, body, status) => {
    expect((await ada.call('POST', '/active', body)).status).toBe(status);
    expect((await harness.sessions.findBySid(ada.sid))?.generation).toBe(1);
  });
});

describe(onDatabase('organizations that the policy does not have'), () => {
  it('are served nowhere, and leave sessions as they are', async () => {
    await harness.close();
    harness = await startHarness();
    ada = await makePerson(harness, 'ada');
    const token = 'a'.repeat(43);
    for (const [method, path, body] of [
      ['GET', ''],
      ['POST', '', { name: 'Acme' }],
      ['POST', '/active', { organization: null }],
      ['POST', '/invitations/check', { token }],
      ['POST', '/invitations/accept', { token }],
    ] as const)
      expect((await ada.call(method, path, body)).status).toBe(404);
    await harness.sessions.change(ada.sid, 1, { org: 'org_00000000000000000000' });
    expect(await ada.caller()).not.toHaveProperty('org');
  });

  it('are a problem where the configuration speaks of them', async () => {
    await harness.close();
    await expect(startHarness({ features: { organizations: {} } })).rejects.toThrow(/policy has no organizationRoles/);
    await expect(
      startHarness({ policy: organizationPolicy, features: { organizations: { creatorRoles: ['boss'] } } }),
    ).rejects.toThrow(/creatorRoles names boss/);
    await expect(
      startHarness({ policy: organizationPolicy, features: { organizations: { creatorRoles: ['clerk'] } } }),
    ).rejects.toThrow(/organization:manage and no member:manage/);
    harness = await startOrganizationHarness();
  });
});

describe(onDatabase('an account that is deleted'), () => {
  it('takes the organizations along of which it is the only member', async () => {
    const id = await makeOrganization(ada);
    await ada.call('POST', `/${id}/invitations`, { email: 'new@example.test', roles: ['guest'] });
    await harness.identity.accounts.deleteUser(ada.id);
    expect(await harness.database.records.count({ model: 'sallyportOrganization' })).toBe(0);
    expect(await harness.database.records.count({ model: 'sallyportOrganizationInvitation' })).toBe(0);
  });

  it('is deleted as the last owner, too, which is reported', async () => {
    const id = await makeOrganization(ada);
    const eve = await makePerson(harness, 'eve');
    await join(harness, id, eve, ['clerk']);
    await harness.identity.accounts.deleteUser(ada.id);
    expect(await rolesOf(harness, id, ada)).toBeUndefined();
    expect(await rolesOf(harness, id, eve)).toEqual(['clerk']);
    expect(await eventsOf(harness, 'organization.ownerless')).toMatchObject([{ details: { organization: id } }]);
  });

  it('shows its organizations to operators before', async () => {
    const id = await makeOrganization(ada);
    expect(await harness.identity.accounts.describeUser(ada.id)).toContainEqual({
      name: 'organizations',
      values: [`Acme (${id}): owner`],
    });
  });
});
