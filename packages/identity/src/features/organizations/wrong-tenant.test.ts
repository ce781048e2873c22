import { isDeepStrictEqual } from 'node:util';
import { anonymous, type Caller, type UserPrincipal } from '@sallyport/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onDatabase, type Answer, type Harness } from '../../identity.test-support.ts';
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

/*
 * Every route that names an organization, asked by everyone who is no member of it. The routes are those that identity
 * serves: a new one is asked as well, without a line here.
 */

let harness: Harness;
let owner: Person;
let id: string;
/** Users who are no members, by what else they are. */
let strangers: Readonly<Record<string, Person>>;
beforeAll(async () => {
  harness = await startOrganizationHarness();
  owner = await makePerson(harness, 'owner');
  id = await makeOrganization(owner);
  const other = await makePerson(harness, 'other');
  const otherId = await makeOrganization(other, 'Globex');
  await activate(other, otherId);
  const former = await makePerson(harness, 'former');
  await join(harness, id, former, ['owner']);
  await activate(former, id);
  await former.call('DELETE', `/${id}/members/${former.id}`);
  const forger = await makePerson(harness, 'forger');
  await harness.sessions.change(forger.sid, 1, { org: id });
  strangers = {
    'a user without any organization': await makePerson(harness, 'stranger'),
    'the owner of another one, who works there': other,
    'a former owner, whose session worked in it': former,
    'a user whose session was put into it': forger,
    'an administrator of the deployment': await makePerson(harness, 'admin', ['admin']),
  };
});
afterAll(() => harness.close());

const bodies: Readonly<Record<string, unknown>> = {
  'PATCH /auth/organizations/:id': { name: 'Taken' },
  'PUT /auth/organizations/:id/members/:user': { roles: ['guest'] },
  'POST /auth/organizations/:id/invitations': { email: 'eve@example.test', roles: ['owner'] },
  'POST /auth/organizations/active': {},
};

interface TenantRoute {
  readonly method: string;
  readonly pattern: string;
}

/** All that take the handle of an organization: in the path, or in the body. */
const routesOf = (): readonly TenantRoute[] => {
  const served = harness.identity.app.routes.flatMap(({ method, path }) =>
    method !== 'ALL' && (path.startsWith('/auth/organizations/:id') || path === '/auth/organizations/active')
      ? [`${method} ${path}`]
      : [],
  );
  return [...new Set(served)].map((route) => {
    const [method = '', pattern = ''] = route.split(' ');
    return { method, pattern };
  });
};

const ask = (caller: Caller, { method, pattern }: TenantRoute, organization: string): Promise<Answer> => {
  const path = pattern
    .replace(':id', organization)
    .replace(':user', owner.id)
    .replace(':invitation', 'inv_00000000000000000000');
  const body = bodies[`${method} ${pattern}`];
  const sent = pattern.endsWith('/active') ? { organization } : body;
  return harness.call(method, path, sent, { caller });
};

/** Each user leaves a bounded number of events in a minute. */
const afterAMinute = (): void => harness.advance(61);

describe(onDatabase('an organization of others'), () => {
  it('is named by all routes that this table is about', () => {
    expect(routesOf().length).toBeGreaterThanOrEqual(7);
  });

  it('is answered as one that there is not, on every route and to everyone, and each time with an event', async () => {
    let count = (await eventsOf(harness, 'organization.access-refused')).length;
    for (const [name, stranger] of Object.entries(strangers)) {
      for (const route of routesOf()) {
        const [theirs, none] = [
          await ask(await stranger.caller(), route, id),
          await ask(await stranger.caller(), route, 'org_00000000000000000000'),
        ];
        const where = `${name}: ${route.method} ${route.pattern}`;
        const events = await eventsOf(harness, 'organization.access-refused');
        const written = events.length - count;
        count = events.length;
        // Both are of the same moment, in any order.
        const about = { organization: id, reason: 'organization-unknown', code: 'SP_NOT_FOUND', route: route.pattern };
        const noted = events.slice(-2).find((event) => isDeepStrictEqual(event['details'], about));
        const { actor, sid, outcome } = noted ?? {};
        const isSameAnswer = theirs.text === none.text;
        expect({ where, status: theirs.status, isSameAnswer, written, actor, sid, outcome }).toEqual({
          where,
          status: 404,
          isSameAnswer: true,
          written: 2,
          actor: stranger.id,
          sid: stranger.sid,
          outcome: 'refused',
        });
        afterAMinute();
      }
    }
    expect(await rolesOf(harness, id, owner)).toEqual(['owner']);
    expect(await owner.call('GET', `/${id}`)).toMatchObject({ body: { organization: { name: 'Acme' }, members: 1 } });
  });

  it('is answered with 401 on every route without a sign-in', async () => {
    for (const route of routesOf()) {
      const { status } = await ask(anonymous, route, id);
      expect({ ...route, status }).toEqual({ ...route, status: 401 });
    }
  });

  it('is answered with 403 on every route to callers who did not sign in themselves: a new sign-in would not help', async () => {
    const { id: subject, ...rest } = (await owner.caller()) as UserPrincipal;
    const { sid: _sid, ...withoutSession } = rest;
    const callers: readonly Caller[] = [
      { ...rest, id: subject, credential: 'opaque', clientId: 'partner' },
      { ...withoutSession, id: subject, credential: 'api-key', clientId: 'key_1' },
      { ...withoutSession, kind: 'service', id: 'svc_1', credential: 'api-key' },
    ];
    for (const caller of callers)
      for (const route of routesOf()) {
        const { status } = await ask(caller, route, id);
        expect({ ...route, status }).toEqual({ ...route, status: 403 });
      }
  });

  it.each(['', '..', 'acme', 'org_', 'org_0000000000000000000G', `org_${'0'.repeat(200)}`])(
    'is not named by "%s", of which no event repeats a word',
    async (handle) => {
      const stranger = Object.values(strangers)[0];
      afterAMinute();
      const answer = await activate(stranger ?? owner, handle);
      expect(answer.status).toBe(handle.length > 100 ? 422 : 404);
      const last = (await eventsOf(harness, 'organization.access-refused')).at(-1);
      if (answer.status === 404) expect(last).toMatchObject({ details: { organization: '' } });
    },
  );

  it('leaves a bounded number of events of one user behind', async () => {
    const stranger = await makePerson(harness, 'prober');
    for (let count = 0; count < 30; count += 1) await stranger.call('GET', `/${id}`);
    const events = await eventsOf(harness, 'organization.access-refused');
    expect(events.filter(({ actor }) => actor === stranger.id)).toHaveLength(20);
  });
});
