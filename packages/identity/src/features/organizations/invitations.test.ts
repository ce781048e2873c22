import type { InvitationAnswer, InvitationsAnswer, ShownInvitation } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSealer } from '@sallyport/stores';
import {
  canRace,
  firstSecret,
  goodPassword,
  onDatabase,
  type Harness,
  type HarnessOptions,
} from '../../identity.test-support.ts';
import { createInvitationTable } from './invitation-table.ts';
import {
  activate,
  eventsOf,
  join,
  makeOrganization,
  makePerson,
  rolesOf,
  signPersonIn,
  startOrganizationHarness,
  type Person,
} from './organization.test-support.ts';

const invited = 'eve@example.test';
const day = 86_400;
const invalid = { status: 400, body: { code: 'SP_LINK_INVALID' } };

let harness: Harness;
let ada: Person;
let id: string;
const start = async (options: HarnessOptions = {}): Promise<void> => {
  harness = await startOrganizationHarness(options);
  ada = await makePerson(harness, 'ada');
  id = await makeOrganization(ada);
};
beforeEach(() => start());
afterEach(() => harness.close());

const invite = (email = invited, roles: readonly string[] = ['clerk'], by: Person = ada) =>
  by.call('POST', `/${id}/invitations`, { email, roles });
const tokenFor = (email = invited, count = 1): Promise<string> =>
  harness.linkToken(email, 'organization-invitation', count);
const inviteAndRead = async (email = invited, roles?: readonly string[], by?: Person): Promise<string> => {
  const answer = await invite(email, roles, by);
  if (answer.status !== 201) throw new TypeError(`no user was invited: ${answer.text}`);
  return tokenFor(email);
};
const invitationIn = (answer: { readonly body: unknown }): ShownInvitation =>
  (answer.body as InvitationAnswer).invitation;
const list = async (by: Person = ada): Promise<readonly ShownInvitation[]> =>
  ((await by.call('GET', `/${id}/invitations`)).body as InvitationsAnswer).invitations;
const accept = (token: string, by: Person) => by.call('POST', '/invitations/accept', { token });
const check = (token: string, by?: Person) =>
  by === undefined
    ? harness.call('POST', '/auth/organizations/invitations/check', { token })
    : by.call('POST', '/invitations/check', { token });
const decline = (token: string) => harness.call('POST', '/auth/organizations/invitations/decline', { token });

describe(onDatabase('an invitation'), () => {
  it('is mailed to its address, and kept as an HMAC', async () => {
    const answer = await invite();
    expect(answer.status).toBe(201);
    const token = await tokenFor();
    expect(answer.text).not.toContain(token);
    expect(await harness.dump()).not.toContain(token);
    expect(harness.logLines.join('\n')).not.toContain(token);
    expect(await list()).toEqual([invitationIn(answer)]);
    expect(invitationIn(answer)).toMatchObject({
      email: invited,
      roles: ['clerk'],
      invitedBy: 'Robin Doe',
      isExpired: false,
    });
    const events = await eventsOf(harness, 'organization.invitation-created');
    expect(events).toMatchObject([{ actor: ada.id, details: { organization: id, roles: ['clerk'] } }]);
    expect(JSON.stringify(events)).not.toContain(invited);
  });

  it('makes the owner of its address a member, once', async () => {
    const token = await inviteAndRead();
    const eve = await makePerson(harness, 'eve');
    expect(await accept(token, eve)).toMatchObject({
      status: 200,
      body: { organization: { id, name: 'Acme', roles: ['clerk'], isActive: false } },
    });
    expect(await rolesOf(harness, id, eve)).toEqual(['clerk']);
    expect(await accept(token, eve)).toMatchObject(invalid);
    expect(await check(token)).toMatchObject(invalid);
    expect(await list()).toEqual([]);
    expect(await eventsOf(harness, 'organization.member-joined')).toMatchObject([
      { actor: eve.id, target: eve.id, details: { organization: id, roles: ['clerk'] } },
    ]);
    expect((await activate(eve, id)).status).toBe(200);
  });

  it('waits for an address that has no account yet, and answers and mails the same', async () => {
    await makePerson(harness, 'eve');
    const [known, unknown] = [await invite(), await invite('new@example.test')];
    const shapeOf = (answer: { readonly body: unknown }) => {
      const { id: _id, email: _email, ...rest } = invitationIn(answer);
      return rest;
    };
    expect(known.status).toBe(unknown.status);
    expect(shapeOf(known)).toEqual(shapeOf(unknown));
    const mails = [await harness.mailTo(invited, 1), await harness.mailTo('new@example.test', 1)].map(([mail]) => ({
      ...mail,
      to: '',
      links: mail?.links.map((link) => link.replace(/token=.*/, '')),
    }));
    expect({ ...mails[0], at: '' }).toEqual({ ...mails[1], at: '' });
    const newcomer = await makePerson(harness, 'new');
    expect((await accept(await tokenFor('new@example.test'), newcomer)).status).toBe(200);
  });

  it('is not accepted with another account, which is noted', async () => {
    const token = await inviteAndRead();
    const mallory = await makePerson(harness, 'mallory');
    expect(await accept(token, mallory)).toMatchObject({ status: 403, body: { errors: [{ field: 'token' }] } });
    expect(await rolesOf(harness, id, mallory)).toBeUndefined();
    expect(await eventsOf(harness, 'organization.access-refused')).toMatchObject([
      { actor: mallory.id, details: { organization: id, reason: 'invitation-for-another-address' } },
    ]);
    expect((await accept(token, await makePerson(harness, 'eve'))).status).toBe(200);
  });

  it('is not accepted by an account whose address is not confirmed', async () => {
    const token = await inviteAndRead();
    const eve = await makePerson(harness, 'eve');
    const where = [{ field: 'id', value: eve.id }];
    await harness.database.records.updateMany({ model: 'user', where, update: { emailVerified: false } });
    expect((await accept(token, eve)).status).toBe(403);
    expect(await rolesOf(harness, id, eve)).toBeUndefined();
  });

  it('is shown to the holder of its token, with who would accept it', async () => {
    const token = await inviteAndRead();
    const shown = {
      status: 'valid',
      organization: { name: 'Acme' },
      email: invited,
      invitedBy: 'Robin Doe',
      roles: ['clerk'],
    };
    expect((await check(token)).body).toMatchObject({ ...shown, reader: 'signed-out' });
    expect((await check(token, ada)).body).toMatchObject({ ...shown, reader: 'another-account' });
    expect((await check(token, await makePerson(harness, 'eve'))).body).toMatchObject({ ...shown, reader: 'invited' });
  });

  it('ends when it expires, and can be sent again for a while', async () => {
    const token = await inviteAndRead();
    harness.advance(7 * day);
    const eve = await makePerson(harness, 'eve');
    expect(await check(token)).toMatchObject(invalid);
    expect(await accept(token, eve)).toMatchObject(invalid);
    ada = await signPersonIn(harness, ada.id, ada.email);
    const [expired] = await list();
    expect(expired).toMatchObject({ isExpired: true });
    expect((await ada.call('POST', `/${id}/invitations/${expired?.id}/resend`)).status).toBe(200);
    expect(await check(await tokenFor(invited, 2))).toMatchObject({ status: 200 });
    harness.advance(21 * day + 1);
    expect(await harness.identity.deleteExpired(harness.now())).toBeGreaterThan(0);
    expect(await harness.database.records.count({ model: 'sallyportOrganizationInvitation' })).toBe(0);
  });

  it('is sent again with another link, and the one before works no longer', async () => {
    const first = await inviteAndRead();
    const [{ id: invitation } = { id: '' }] = await list();
    harness.advance(60);
    const answer = await ada.call('POST', `/${id}/invitations/${invitation}/resend`);
    expect(answer.status).toBe(200);
    const second = await tokenFor(invited, 2);
    expect(second).not.toBe(first);
    expect(await check(first)).toMatchObject(invalid);
    expect((await check(second)).status).toBe(200);
    expect(Date.parse(invitationIn(answer).expiresAt)).toBe(harness.now().getTime() + 7 * day * 1000);
    expect((await eventsOf(harness, 'organization.invitation-sent-again')).length).toBe(1);
  });

  it('is withdrawn by a manager', async () => {
    const token = await inviteAndRead();
    const [{ id: invitation } = { id: '' }] = await list();
    const path = `/${id}/invitations/${invitation}`;
    harness.advance(3600);
    expect((await ada.call('DELETE', path)).status).toBe(204);
    expect((await ada.call('DELETE', path)).status).toBe(404);
    expect((await ada.call('POST', `${path}/resend`)).status).toBe(401);
    expect(await check(token)).toMatchObject(invalid);
    expect(await eventsOf(harness, 'organization.invitation-ended')).toMatchObject([
      { actor: ada.id, details: { because: 'revoked' } },
    ]);
  });

  it('is withdrawn by no member who could not give its roles', async () => {
    const token = await inviteAndRead(invited, ['owner']);
    const [{ id: invitation } = { id: '' }] = await list();
    const eve = await makePerson(harness, 'manager');
    await join(harness, id, eve, ['manager']);
    expect(await list(eve)).toMatchObject([{ id: invitation, mayChange: false }]);
    expect(await eve.call('DELETE', `/${id}/invitations/${invitation}`)).toMatchObject({
      status: 403,
      body: { code: 'SP_AUTHORITY_EXCEEDED' },
    });
    expect((await check(token)).status).toBe(200);
    expect(await list()).toMatchObject([{ id: invitation, mayChange: true }]);
  });

  it('ends with the account of its address', async () => {
    const token = await inviteAndRead();
    await inviteAndRead('other@example.test');
    const eve = await makePerson(harness, 'eve');
    await harness.identity.accounts.deleteUser(eve.id);
    expect(await check(token)).toMatchObject(invalid);
    expect(await list()).toMatchObject([{ email: 'other@example.test' }]);
    expect(await eventsOf(harness, 'organization.invitation-ended')).toMatchObject([
      { details: { organization: id, because: 'account-deleted' } },
    ]);
  });

  it('does not end with an account that never proved its address', async () => {
    const token = await inviteAndRead();
    const person = { name: 'Mallory', email: invited, password: goodPassword };
    expect((await harness.call('POST', '/auth/sign-up/email', person)).status).toBeLessThan(300);
    const { id: sleeper = '' } = (await harness.identity.accounts.findByEmail(invited)) ?? {};
    await harness.identity.accounts.deleteUser(sleeper);
    expect((await check(token)).status).toBe(200);
  });

  it('is declined by the holder of its token', async () => {
    const token = await inviteAndRead();
    expect((await decline(token)).status).toBe(204);
    expect(await decline(token)).toMatchObject(invalid);
    expect(await list()).toEqual([]);
    expect(await eventsOf(harness, 'organization.invitation-ended')).toMatchObject([
      { details: { because: 'declined' } },
    ]);
  });

  it.each([
    { name: 'has left', change: (eve: Person) => eve.call('DELETE', `/${id}/members/${eve.id}`) },
    {
      name: 'manages no longer',
      change: (eve: Person) => ada.call('PUT', `/${id}/members/${eve.id}`, { roles: ['clerk'] }),
    },
    { name: 'is banned', change: (eve: Person) => harness.identity.accounts.setBanned(eve.id, true) },
    { name: 'is deleted', change: (eve: Person) => harness.identity.accounts.deleteUser(eve.id) },
  ])('is void once the member who invited $name', async ({ change }) => {
    const boss = await makePerson(harness, 'boss');
    await join(harness, id, boss, ['manager']);
    const token = await inviteAndRead('new@example.test', ['guest'], boss);
    const newcomer = await makePerson(harness, 'new');
    expect((await check(token)).status).toBe(200);
    await change(boss);
    expect(await check(token)).toMatchObject(invalid);
    expect(await accept(token, newcomer)).toMatchObject(invalid);
    expect(await rolesOf(harness, id, newcomer)).toBeUndefined();
  });

  it.each(['', 'x', 'a'.repeat(43), `${'a'.repeat(42)}!`, 'a'.repeat(512)])('is not opened by "%s"', async (token) => {
    await inviteAndRead();
    expect(await check(token)).toMatchObject(invalid);
    expect(await accept(token, ada)).toMatchObject(invalid);
    expect(await decline(token)).toMatchObject(invalid);
  });

  it.skipIf(!canRace())('is accepted by one of two requests at the same moment, and makes one member', async () => {
    const token = await inviteAndRead();
    const eve = await makePerson(harness, 'eve');
    const answers = await Promise.all([accept(token, eve), accept(token, eve), decline(token)]);
    const done = answers.map(({ status }) => status).filter((status) => status < 300);
    expect(done).toHaveLength(1);
    expect((await eventsOf(harness, 'organization.member-joined')).length).toBe(done[0] === 200 ? 1 : 0);
    expect((await rolesOf(harness, id, eve)) !== undefined).toBe(done[0] === 200);
  });

  it('is accepted once without transactions, too', async () => {
    await harness.close();
    await start({ withoutTransactions: true });
    const token = await inviteAndRead();
    const eve = await makePerson(harness, 'eve');
    const answers = await Promise.all([accept(token, eve), accept(token, eve)]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
    expect(await rolesOf(harness, id, eve)).toEqual(['clerk']);
  });
});

describe(onDatabase('the invitations that wait'), () => {
  it('are listed a hundred at a time, each once, also those of one moment', async () => {
    const table = createInvitationTable(
      harness.database.records,
      createSealer([firstSecret])('organization-invitation'),
    );
    const start = harness.now().getTime();
    for (let count = 0; count < 230; count += 1) {
      // Twenty at once, across the end of a page.
      const at = new Date(start + (count < 90 || count >= 110 ? count : 90) * 1000);
      const times = { createdAt: at, sentAt: at, expiresAt: new Date(at.getTime() + day * 1000) };
      const email = `person-${count}@example.test`;
      await table.insert(
        { organizationId: id, email, roles: ['clerk'], invitedBy: ada.id, ...times },
        `token-${count}`,
      );
    }
    const seen: string[] = [];
    let after: string | null = '';
    let pages = 0;
    while (after !== null) {
      const query: string = after === '' ? '' : `?after=${after}`;
      const page = (await ada.call('GET', `/${id}/invitations${query}`)).body as InvitationsAnswer;
      seen.push(...page.invitations.map(({ email }) => email));
      after = page.next;
      pages += 1;
    }
    expect([seen.length, new Set(seen).size, pages, seen[0]]).toEqual([230, 230, 3, 'person-229@example.test']);
  });

  it.each(['x', '-1', '1e3', '9'.repeat(16), ''])('are not listed from "%s"', async (after) => {
    expect((await ada.call('GET', `/${id}/invitations?after=${after}`)).status).toBe(422);
  });
});

describe(onDatabase('to invite'), () => {
  it('needs the permission, and roles within one’s own', async () => {
    const eve = await makePerson(harness, 'eve');
    await join(harness, id, eve, ['clerk']);
    expect((await invite('new@example.test', ['guest'], eve)).status).toBe(403);
    expect((await eve.call('GET', `/${id}/invitations`)).status).toBe(403);
    await ada.call('PUT', `/${id}/members/${eve.id}`, { roles: ['manager'] });
    expect(await invite('new@example.test', ['clerk'], eve)).toMatchObject({
      status: 403,
      body: { code: 'SP_AUTHORITY_EXCEEDED' },
    });
    expect((await invite('new@example.test', ['guest', 'manager'], eve)).status).toBe(201);
    expect((await eventsOf(harness, 'organization.access-refused')).length).toBe(3);
  });

  it.each([
    ['no address', { email: 'eve', roles: ['clerk'] }],
    ['no role', { email: invited, roles: [] }],
    ['an unknown role', { email: invited, roles: ['boss'] }],
    ['a role of the deployment', { email: invited, roles: ['admin'] }],
    ['a token of its own', { email: invited, roles: ['clerk'], token: 'a'.repeat(43) }],
  ])('is refused with %s', async (_name, body) => {
    expect((await ada.call('POST', `/${id}/invitations`, body)).status).toBe(422);
    expect(await list()).toEqual([]);
  });

  it('names an address once, in one spelling, and no member', async () => {
    await inviteAndRead();
    expect(await invite(' EVE@Example.TEST ')).toMatchObject({ status: 409, body: { errors: [{ field: 'email' }] } });
    expect(await invite(ada.email)).toMatchObject({ status: 409, body: { errors: [{ field: 'email' }] } });
    expect(await harness.mailTo(invited, 1)).toHaveLength(1);
  });

  it('takes the place of an invitation that expired', async () => {
    await inviteAndRead();
    harness.advance(8 * day);
    ada = await signPersonIn(harness, ada.id, ada.email);
    expect((await invite()).status).toBe(201);
    expect(await list()).toHaveLength(1);
  });

  it('needs a recent sign-in', async () => {
    harness.advance(601);
    expect(await invite()).toMatchObject({ status: 401, body: { code: 'SP_STEP_UP_REQUIRED' } });
  });

  it('has a limit for a member, for an organization, for what waits, and for an address', async () => {
    await harness.close();
    await start({
      features: { organizations: { invitations: { perInviterAndDay: 2, perOrganizationAndDay: 3, maxOpen: 9 } } },
    });
    const eve = await makePerson(harness, 'eve');
    await join(harness, id, eve, ['owner']);
    const send = (name: string, by: Person) => invite(`${name}@example.test`, ['guest'], by);
    const statuses = [];
    for (const [name, by] of [
      ['a', ada],
      ['b', ada],
      ['c', ada],
      ['d', eve],
      ['e', eve],
    ] as const)
      statuses.push((await send(name, by)).status);
    expect(statuses).toEqual([201, 201, 429, 201, 429]);
    expect(Number((await send('f', ada)).headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await list()).toHaveLength(3);
  });

  it('does not count what is refused, and knows how many may wait', async () => {
    await harness.close();
    await start({ features: { organizations: { invitations: { perInviterAndDay: 2, maxOpen: 1 } } } });
    await inviteAndRead();
    for (let count = 0; count < 5; count += 1) expect((await invite()).status).toBe(409);
    for (let count = 0; count < 5; count += 1) expect((await invite('new@example.test')).status).toBe(409);
    const [{ id: invitation } = { id: '' }] = await list();
    await ada.call('DELETE', `/${id}/invitations/${invitation}`);
    expect((await invite('new@example.test')).status).toBe(201);
  });

  it('fills an organization up to its bound, and a user too', async () => {
    await harness.close();
    await start({ features: { organizations: { maxMembers: 2, maxPerUser: 1 } } });
    const [eve, bob] = [await makePerson(harness, 'eve'), await makePerson(harness, 'bob')];
    const [first, second] = [await inviteAndRead(), await inviteAndRead(bob.email)];
    expect((await accept(first, eve)).status).toBe(200);
    expect(await accept(second, bob)).toMatchObject({ status: 409, body: { errors: [{ field: 'organization' }] } });
    await eve.call('DELETE', `/${id}/members/${eve.id}`);
    await makeOrganization(bob, 'Bob');
    expect(await accept(second, bob)).toMatchObject({ status: 409, body: { errors: [{ field: 'organization' }] } });
    expect((await check(second)).status).toBe(200);
  });

  it('says nothing in the mail that the inviter could lead its reader elsewhere with', async () => {
    await harness.close();
    await start();
    const where = [{ field: 'id', value: ada.id }];
    await harness.database.records.updateMany({ model: 'user', where, update: { name: 'Win at evil.example' } });
    await inviteAndRead();
    const [mail] = await harness.mailTo(invited, 1);
    expect(JSON.stringify(mail)).not.toContain('evil');
  });
});
