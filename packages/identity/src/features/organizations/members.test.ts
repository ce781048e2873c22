import type { MembersAnswer } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canRace, onDatabase, type Harness } from '../../identity.test-support.ts';
import {
  activate,
  eventsOf,
  join,
  makeOrganization,
  makePerson,
  rolesOf,
  startOrganizationHarness,
  type Person,
} from './organization.test-support.ts';

let harness: Harness;
let ada: Person;
let eve: Person;
let id: string;
beforeEach(async () => {
  harness = await startOrganizationHarness();
  [ada, eve] = [await makePerson(harness, 'ada'), await makePerson(harness, 'eve')];
  id = await makeOrganization(ada);
});
afterEach(() => harness.close());

const setRoles = (by: Person, of: Person, roles: readonly string[]) =>
  by.call('PUT', `/${id}/members/${of.id}`, { roles });
const remove = (by: Person, of: Pick<Person, 'id'>) => by.call('DELETE', `/${id}/members/${of.id}`);
const listFor = async (person: Person): Promise<MembersAnswer> =>
  (await person.call('GET', `/${id}/members`)).body as MembersAnswer;

describe(onDatabase('the members of an organization'), () => {
  it('see each other by name, and managers see addresses too', async () => {
    await join(harness, id, eve, ['clerk']);
    const { members, next } = await listFor(eve);
    expect(next).toBeNull();
    expect(members.find(({ isYou }) => isYou)).toMatchObject({
      user: { id: eve.id, email: eve.email },
      mayChange: false,
    });
    expect(members.find(({ isYou }) => !isYou)?.user).toEqual({ id: ada.id, name: 'Robin Doe' });
    const shown = (await listFor(ada)).members.map(({ user }) => user.email);
    expect(new Set(shown)).toEqual(new Set([ada.email, eve.email]));
  });

  it('are listed a hundred at a time', async () => {
    for (let index = 0; index < 101; index += 1) {
      const member = await harness.identity.accounts.createUser({
        name: 'Robin Doe',
        email: `robin-${index}@example.test`,
        roles: ['user'],
        emailVerified: true,
      });
      await join(harness, id, member, ['guest']);
    }
    const { members, next } = await listFor(ada);
    expect(members).toHaveLength(100);
    const answer = await ada.call('GET', `/${id}/members?after=${next}`);
    expect((answer.body as MembersAnswer).members).toHaveLength(2);
    expect((await ada.call('GET', `/${id}/members?after=x&limit=9`)).status).toBe(422);
  });

  it('get other roles, which their sessions have at once', async () => {
    await join(harness, id, eve, ['guest']);
    await activate(eve, id);
    const before = await harness.sessions.findBySid(eve.sid);
    expect(await setRoles(ada, eve, ['clerk', 'clerk'])).toMatchObject({
      status: 200,
      body: { member: { user: { id: eve.id }, roles: ['clerk'] } },
    });
    expect(await eve.caller()).toMatchObject({ orgRoles: ['clerk'], permissions: ['product:read', 'invoice:read'] });
    const minGeneration = (before?.generation ?? 0) + 1;
    expect(harness.heard.at(-1)).toMatchObject({ event: { kind: 'session', id: eve.sid, minGeneration } });
    expect(await eventsOf(harness, 'organization.member-roles-changed')).toMatchObject([
      { actor: ada.id, target: eve.id, details: { organization: id, from: ['guest'], to: ['clerk'] } },
    ]);
  });

  it('leave what works in another organization alone', async () => {
    const other = await makeOrganization(eve, 'Eve');
    await join(harness, id, eve, ['guest']);
    await activate(eve, other);
    const before = await harness.sessions.findBySid(eve.sid);
    await setRoles(ada, eve, ['clerk']);
    await remove(ada, eve);
    expect(await harness.sessions.findBySid(eve.sid)).toEqual(before);
  });

  it.each([
    ['no role', { roles: [] }],
    ['an unknown one', { roles: ['boss'] }],
    ['a name of every object', { roles: ['constructor'] }],
    ['a role of the deployment', { roles: ['admin'] }],
    ['eleven', { roles: Array.from({ length: 11 }, () => 'guest') }],
    ['no list', { roles: 'guest' }],
    ['more than roles', { roles: ['guest'], user: 'x' }],
  ])('cannot get %s', async (_name, body) => {
    await join(harness, id, eve, ['guest']);
    expect((await ada.call('PUT', `/${id}/members/${eve.id}`, body)).status).toBe(422);
    expect(await rolesOf(harness, id, eve)).toEqual(['guest']);
  });

  it.each([
    {
      name: 'raises themselves',
      roles: ['manager'],
      change: (): Promise<unknown> => setRoles(eve, eve, ['owner']),
      code: 403,
    },
    {
      name: 'lowers an owner',
      roles: ['manager'],
      change: (): Promise<unknown> => setRoles(eve, ada, ['guest']),
      code: 403,
    },
    { name: 'removes an owner', roles: ['manager'], change: (): Promise<unknown> => remove(eve, ada), code: 403 },
    {
      name: 'manages without the permission',
      roles: ['clerk'],
      change: (): Promise<unknown> => setRoles(eve, ada, ['guest']),
      code: 403,
    },
    { name: 'is no member', roles: [], change: (): Promise<unknown> => remove(eve, ada), code: 404 },
  ])('keep their roles from one who $name, which is noted', async ({ roles, change, code }) => {
    if (roles.length > 0) await join(harness, id, eve, roles);
    expect(await change()).toMatchObject({ status: code });
    expect(await rolesOf(harness, id, ada)).toEqual(['owner']);
    expect(await eventsOf(harness, 'organization.access-refused')).toMatchObject([
      { actor: eve.id, outcome: 'refused', details: { organization: id } },
    ]);
  });

  it('lose their access with the membership: in sessions, caches and tokens', async () => {
    await join(harness, id, eve, ['clerk']);
    await activate(eve, id);
    const before = await harness.sessions.findBySid(eve.sid);
    expect((await remove(ada, eve)).status).toBe(204);
    expect(await eve.caller()).toMatchObject({ permissions: ['product:read'] });
    expect(await eve.caller()).not.toHaveProperty('org');
    const minGeneration = (before?.generation ?? 0) + 1;
    expect(harness.heard.at(-1)).toMatchObject({ event: { kind: 'session', id: eve.sid, minGeneration } });
    expect((await eve.call('GET', `/${id}`)).status).toBe(404);
    expect((await activate(eve, id)).status).toBe(404);
    expect(await remove(ada, eve)).toMatchObject({ status: 404, body: { errors: [{ field: 'user' }] } });
  });

  it('are told to sessions that an end of the process left behind, when they are removed again', async () => {
    await join(harness, id, eve, ['clerk']);
    await activate(eve, id);
    await harness.database.records.deleteMany({
      model: 'sallyportOrganizationMember',
      where: [{ field: 'userId', value: eve.id }],
    });
    expect((await remove(ada, eve)).status).toBe(404);
    expect((await harness.sessions.findBySid(eve.sid))?.org).toBeUndefined();
  });

  it('leave by themselves', async () => {
    await join(harness, id, eve, ['guest']);
    harness.advance(3600);
    expect((await remove(eve, eve)).status).toBe(204);
    expect(await eventsOf(harness, 'organization.member-left')).toMatchObject([
      { actor: eve.id, target: eve.id, details: { organization: id, because: 'left' } },
    ]);
  });

  it('change with a recent sign-in, and leave and are removed without one', async () => {
    await join(harness, id, eve, ['guest']);
    harness.advance(601);
    expect(await setRoles(ada, eve, ['clerk'])).toMatchObject({ status: 401, body: { code: 'SP_STEP_UP_REQUIRED' } });
    expect((await remove(ada, eve)).status).toBe(204);
  });
});

describe(onDatabase('the last owner of an organization'), () => {
  const refused = { status: 409, body: { code: 'SP_LAST_OWNER' } };

  it('cannot leave or step down', async () => {
    await join(harness, id, eve, ['manager']);
    expect(await remove(ada, ada)).toMatchObject(refused);
    expect(await setRoles(ada, ada, ['clerk'])).toMatchObject(refused);
    expect(await rolesOf(harness, id, ada)).toEqual(['owner']);
    expect(await eventsOf(harness, 'organization.access-refused')).toHaveLength(2);
  });

  it('can, once there is another one', async () => {
    await join(harness, id, eve, ['owner']);
    expect((await setRoles(ada, ada, ['clerk'])).status).toBe(200);
    expect((await remove(ada, ada)).status).toBe(204);
    expect(await remove(eve, eve)).toMatchObject(refused);
  });

  it('is the one who can sign in: another who is banned does not count', async () => {
    await join(harness, id, eve, ['owner']);
    await harness.identity.accounts.setBanned(eve.id, true);
    expect(await remove(ada, ada)).toMatchObject(refused);
    await harness.identity.accounts.setBanned(eve.id, false);
    expect((await remove(ada, ada)).status).toBe(204);
  });

  it.skipIf(!canRace())('stays when two owners give each other up at the same moment', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [one, other] = [await makePerson(harness, `one-${round}`), await makePerson(harness, `other-${round}`)];
      id = await makeOrganization(one);
      await join(harness, id, other, ['owner']);
      const answers = await Promise.all([remove(one, other), remove(other, one), setRoles(one, one, ['guest'])]);
      expect(answers.map(({ status }) => status).filter((status) => status >= 500)).toEqual([]);
      const left = [await rolesOf(harness, id, one), await rolesOf(harness, id, other)];
      expect(left.filter((roles) => roles?.includes('owner'))).toHaveLength(1);
    }
  });

  it('stays without transactions, too, when two owners give each other up', async () => {
    await harness.close();
    harness = await startOrganizationHarness({ withoutTransactions: true });
    for (let round = 0; round < 5; round += 1) {
      const [one, other] = [await makePerson(harness, `one-${round}`), await makePerson(harness, `other-${round}`)];
      id = await makeOrganization(one);
      await join(harness, id, other, ['owner']);
      const answers = await Promise.all([setRoles(one, one, ['guest']), setRoles(other, other, ['guest'])]);
      expect(answers.map(({ status }) => status).filter((status) => status >= 500)).toEqual([]);
      const left = [await rolesOf(harness, id, one), await rolesOf(harness, id, other)];
      expect(left.some((roles) => roles?.includes('owner'))).toBe(true);
    }
  });
});
