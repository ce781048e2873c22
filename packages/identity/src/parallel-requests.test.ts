import { definePolicy, recordModels, type Caller, type InvitationAnswer, type ManagedRole } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeService } from './features/administration/manage.test-support.ts';
import {
  join,
  makeOrganization,
  makePerson,
  organizationPolicy,
  rolesOf,
  type Person,
} from './features/organizations/organization.test-support.ts';
import {
  beginSignIn,
  callerOf,
  codeOf,
  makeAppOwner,
  setUpApp,
  type AppOwner,
} from './features/second-factor/factor.test-support.ts';
import {
  beginCodeFlow,
  codeFrom,
  redirectUri,
} from './features/sign-in-providers/brought-codes/brought-codes.test-support.ts';
import {
  acmeOf,
  begin,
  openBrowser,
  placeOf,
  signInAt,
  type ProviderBrowser,
} from './features/sign-in-providers/provider.test-support.ts';
import {
  startProviderStandIn,
  type ProviderStandIn,
} from './features/sign-in-providers/provider-stand-in.test-support.ts';
import { programOf, signProgramIn, startTokenHarness } from './features/tokens/token.test-support.ts';
import {
  canRace,
  goodPassword,
  onDatabase,
  type Answer,
  type Harness,
  type RequestOptions,
} from './identity.test-support.ts';

/** One request of a race. */
interface Racer {
  readonly path: string;
  readonly body?: unknown;
  readonly options?: RequestOptions;
}

/** What is made ready for one round, who races, and what must hold afterwards. */
interface Race {
  readonly racers: readonly [Racer, Racer];
  readonly holds: (answers: readonly Answer[]) => Promise<void>;
}

type Prepare = (harness: Harness, email: string) => Promise<Race>;

const rounds = 3;
const policy = definePolicy({
  ...organizationPolicy,
  permissions: { ...organizationPolicy.permissions, 'role:manage': 'Change roles' },
  roles: { ...organizationPolicy.roles, admin: ['product:read', 'user:manage', 'role:manage'] },
});
/** Has a second factor, and a role that demands one. */
const strict = 'admin';

let harness: Harness;
let standIn: ProviderStandIn;
beforeEach(async () => {
  standIn = await startProviderStandIn();
  harness = await startTokenHarness(
    {},
    {
      policy,
      features: {
        apiKeys: {},
        administration: { usersApi: {} },
        organizations: { maxPerUser: 3 },
        signInProviders: {
          oidc: { acme: { ...acmeOf(standIn), redirectUris: [redirectUri] } },
          apple: { clientId: 'a', teamId: 't', keyId: 'k' },
        },
        secondFactor: { methods: ['totp', 'email', 'sms'], requiredFor: [strict] },
      },
      guessLimits: { network: { maxFailures: 10_000 } },
      providerSecrets: () => new Map([['acme', standIn.clientSecret]]),
    },
  );
});
afterEach(async () => {
  await harness.close();
  await standIn.close();
});

/**
 * Every route of identity that changes something. A new one without a row here fails the test below: write down what must
 * hold when two requests meet.
 */
const races: Readonly<Record<string, Prepare>> = {
  'POST /auth/sign-out': async ({ sessions, makeUser, signIn }, email) => {
    await makeUser(email);
    const { caller, sid } = await signIn(email);
    return twice({ path: '/auth/sign-out', options: { caller } }, async (answers) => {
      expect(statuses(answers)).toEqual([204, 204]);
      expect(await sessions.findBySid(sid)).toMatchObject({ revokedBecause: 'signed-out' });
      expect(await countEvents('session.ended', sid)).toBe(1);
    });
  },
  'POST /auth/sessions/revoke-others': async ({ makeUser, signIn }, email) => {
    await makeUser(email);
    const { caller } = await signIn(email);
    await signIn(email);
    return twice({ path: '/auth/sessions/revoke-others', options: { caller } }, async (answers) => {
      expect(sumOf(answers, 'ended')).toBe(1);
      expect(await liveSessions(caller)).toBe(1);
    });
  },
  'POST /auth/sessions/revoke-all': async ({ makeUser, signIn }, email) => {
    await makeUser(email);
    const { caller } = await signIn(email);
    await signIn(email);
    return twice({ path: '/auth/sessions/revoke-all', options: { caller } }, async (answers) => {
      expect(sumOf(answers, 'ended')).toBe(2);
      expect(await liveSessions(caller)).toBe(0);
    });
  },
  'DELETE /auth/sessions/:sid': async ({ makeUser, signIn }, email) => {
    await makeUser(email);
    const [{ caller }, { sid }] = [await signIn(email), await signIn(email)];
    return twice({ path: `/auth/sessions/${sid}`, options: { caller } }, async (answers) => {
      expect(statuses(answers)).toEqual([204, 404]);
      expect(await countEvents('session.ended', sid)).toBe(1);
    });
  },
  'POST /auth/sign-up/email': async (_harness, email) =>
    twice({ path: '/auth/sign-up/email', body: { name: 'Robin', email, password: goodPassword } }, async (answers) => {
      expect(statuses(answers)).toEqual([200, 200]);
      expect(await harness.database.records.count({ model: 'user', where: [{ field: 'email', value: email }] })).toBe(
        1,
      );
    }),
  'POST /auth/send-verification-email': async ({ call }, email) => {
    await call('POST', '/auth/sign-up/email', { name: 'Robin', email, password: goodPassword });
    return twice({ path: '/auth/send-verification-email', body: { email } }, async (answers) => {
      expect(statuses(answers)).toEqual([200, 200]);
    });
  },
  'POST /auth/verify-email': async ({ call, linkToken }, email) => {
    await call('POST', '/auth/sign-up/email', { name: 'Robin', email, password: goodPassword });
    const token = await linkToken(email, 'verify-email');
    const body = { token, name: 'Robin', newPassword: 'third-violet-kettle-11' };
    return twice({ path: '/auth/verify-email', body }, async (answers) => {
      expect(statuses(answers)).toEqual([200, 400]);
    });
  },
  'POST /auth/sign-in/email': async ({ makeUser }, email) => {
    await makeUser(email);
    return twice({ path: '/auth/sign-in/email', body: { email, password: goodPassword } }, async (answers) => {
      expect(statuses(answers)).toEqual([200, 200]);
      expect(new Set(answers.map(({ cookie }) => cookie)).size).toBe(2);
    });
  },
  'POST /auth/token': async ({ makeUser, database }, email) => {
    await makeUser(email);
    return twice({ path: '/auth/token', body: { email, password: goodPassword } }, async (answers) => {
      const sids = answers.map((answer) => programOf(answer).sid);
      expect(new Set(sids).size).toBe(2);
      const where = [{ field: 'family', operator: 'in' as const, value: sids }];
      expect(await database.records.count({ model: 'sallyportTokenFamily', where })).toBe(2);
    });
  },
  'POST /auth/token/second-factor': async ({ call }, email) => {
    const { secret, id } = await makeAppOwner(harness, email);
    const { body } = await call('POST', '/auth/token', { email, password: goodPassword });
    const { mfa_token } = body as { readonly mfa_token: string };
    const answer = { mfa_token, code: codeOf(harness, secret) };
    return twice({ path: '/auth/token/second-factor', body: answer }, async (answers) => {
      expect(statuses(answers)).toEqual([200, 400]);
      const where = [{ field: 'userId', value: id }];
      expect(await harness.database.records.count({ model: 'sallyportTokenFamily', where })).toBe(1);
    });
  },
  'POST /auth/token/second-factor/send': async ({ call }, email) => {
    await makeEmailOwner(email);
    const { body } = await call('POST', '/auth/token', { email, password: goodPassword });
    const { mfa_token } = body as { readonly mfa_token: string };
    return twice({ path: '/auth/token/second-factor/send', body: { mfa_token, method: 'email' } }, async (answers) => {
      expect(statuses(answers)).toEqual([200, 429]);
    });
  },
  'POST /auth/token/refresh': async ({ makeUser }, email) => {
    await makeUser(email);
    const { refreshToken } = await signProgramIn(harness, email);
    const racer = { path: '/auth/token/refresh', body: { refresh_token: refreshToken } };
    return twice(racer, async (answers) => {
      expect(statuses(answers)).toEqual([200, 200]);
      expect(new Set(answers.map((answer) => programOf(answer).refreshToken)).size).toBe(1);
    });
  },
  'POST /auth/token/revoke': async ({ makeUser, sessions }, email) => {
    await makeUser(email);
    const { refreshToken, sid } = await signProgramIn(harness, email);
    return twice({ path: '/auth/token/revoke', body: { refresh_token: refreshToken } }, async (answers) => {
      expect(statuses(answers)).toEqual([200, 200]);
      expect(await sessions.findBySid(sid)).toMatchObject({ revokedBecause: 'signed-out' });
      expect(await countEvents('session.ended', sid)).toBe(1);
    });
  },
  'POST /auth/request-password-reset': async ({ makeUser }, email) => {
    await makeUser(email);
    return twice({ path: '/auth/request-password-reset', body: { email } }, async (answers) => {
      expect(statuses(answers)).toEqual([200, 200]);
    });
  },
  'POST /auth/reset-password': async ({ makeUser, call, linkToken }, email) => {
    const id = await makeUser(email);
    await call('POST', '/auth/request-password-reset', { email });
    const token = await linkToken(email, 'reset-password');
    const reset = (word: string): Racer => ({
      path: '/auth/reset-password',
      body: { token, newPassword: `${word}-violet-kettle-marches` },
    });
    return {
      racers: [reset('amber'), reset('ochre')],
      holds: async (answers) => {
        expect(statuses(answers)).toEqual([200, 400]);
        expect(await harness.identity.accounts.findById(id)).toMatchObject({ generation: 2 });
        expect(await countEvents('account.password-changed', id)).toBe(1);
      },
    };
  },
  'POST /auth/check-link': async ({ makeUser, call, linkToken }, email) => {
    await makeUser(email);
    await call('POST', '/auth/request-password-reset', { email });
    const body = { purpose: 'reset-password', token: await linkToken(email, 'reset-password') };
    return twice({ path: '/auth/check-link', body }, async (answers) => {
      expect(statuses(answers)).toEqual([200, 200]);
    });
  },
  'POST /auth/second-factor/totp/start': async ({ makeUser, signIn }, email) => {
    await makeUser(email);
    const { caller } = await signIn(email);
    return twice({ path: '/auth/second-factor/totp/start', options: { caller } }, async (answers) => {
      expect(statuses(answers)).toEqual([200, 200]);
      expect(await countFactorRows(caller)).toBe(1);
    });
  },
  'POST /auth/second-factor/email/start': async ({ makeUser, signIn }, email) => {
    await makeUser(email);
    const { caller } = await signIn(email);
    return twice({ path: '/auth/second-factor/email/start', options: { caller } }, async (answers) => {
      expect(statuses(answers)).toEqual([200, 429]);
      expect(await countFactorRows(caller)).toBe(1);
    });
  },
  'POST /auth/second-factor/sms/start': async ({ makeUser, signIn }, email) => {
    await makeUser(email);
    const { caller } = await signIn(email);
    const start = (number: string): Racer => ({
      path: '/auth/second-factor/sms/start',
      body: { number },
      options: { caller },
    });
    const unique = `${Math.floor(Math.random() * 1e6)}`.padStart(6, '0');
    return {
      racers: [start(`+4915${unique}01`), start(`+4915${unique}02`)],
      holds: async () => expect(await countFactorRows(caller)).toBe(1),
    };
  },
  'POST /auth/second-factor/:method/confirm': async ({ makeUser, signIn, call }, email) => {
    await makeUser(email);
    const [{ caller, sid }, other] = [await signIn(email), await signIn(email)];
    // One begins an app, the other codes by mail: each is right alone, and the second one would come from a weaker session.
    const started = await call('POST', '/auth/second-factor/totp/start', undefined, { caller });
    const { secret } = started.body as { readonly secret: string };
    await call('POST', '/auth/second-factor/email/start', undefined, { caller: other.caller });
    const [message] = await harness.mailTo(email, 1);
    const confirm = (method: string, code: string, by: Caller): Racer => ({
      path: `/auth/second-factor/${method}/confirm`,
      body: { code },
      options: { caller: by },
    });
    return {
      racers: [confirm('totp', codeOf(harness, secret), caller), confirm('email', message?.code ?? '', other.caller)],
      holds: async (answers) => {
        expect(statuses(answers)).toEqual([200, 401]);
        const winner = answers[0]?.status === 200 ? sid : other.sid;
        const shown = await call('GET', '/auth/second-factor', undefined, { caller: await callerOf(harness, winner) });
        expect(shown.body).toMatchObject({ factors: [{}], recoveryCodesLeft: 10 });
      },
    };
  },
  'POST /auth/second-factor/recovery-codes/regenerate': async (_harness, email) => {
    const { caller } = await makeAppOwner(harness, email);
    return twice({ path: '/auth/second-factor/recovery-codes/regenerate', options: { caller } }, async (answers) => {
      expect(answers.some(({ status }) => status === 200)).toBe(true);
      const shown = await harness.call('GET', '/auth/second-factor', undefined, { caller });
      expect(shown.body).toMatchObject({ recoveryCodesLeft: 10 });
    });
  },
  'DELETE /auth/second-factor/:method': async ({ call }, email) => {
    const { caller, id } = await makeStrictOwner(email);
    await call('POST', '/auth/second-factor/email/start', undefined, { caller });
    const message = (await harness.mailTo(email, 2)).find(({ code }) => code !== null);
    await call('POST', '/auth/second-factor/email/confirm', { code: message?.code }, { caller });
    const remove = (method: string): Racer => ({ path: `/auth/second-factor/${method}`, options: { caller } });
    return {
      racers: [remove('totp'), remove('email')],
      holds: async (answers) => {
        expect(statuses(answers)).toEqual([204, 409]);
        const left = await harness.identity.accounts.findById(id);
        expect(left).not.toBeNull();
        const shown = await call('GET', '/auth/second-factor', undefined, { caller });
        expect(shown.body).toMatchObject({ factors: [{}], recoveryCodesLeft: 10 });
      },
    };
  },
  'POST /auth/second-factor/send': async ({ call }, email) => {
    await makeEmailOwner(email);
    const pending = await call('POST', '/auth/sign-in/email', { email, password: goodPassword });
    const options = { headers: { cookie: `sallyport-3000-pending=${pending.pending}` } };
    return twice({ path: '/auth/second-factor/send', body: { method: 'email' }, options }, async (answers) => {
      expect(statuses(answers)).toEqual([200, 429]);
    });
  },
  'POST /auth/second-factor/verify': async (_harness, email) => {
    const owner = await makeAppOwner(harness, email);
    const [one, other] = [await beginSignIn(harness, email), await beginSignIn(harness, email)];
    const before = (await harness.sessions.listLive(owner.id, harness.now())).length;
    const body = { method: 'totp', code: codeOf(harness, owner.secret) };
    const path = '/auth/second-factor/verify';
    return {
      racers: [
        { path, body, options: one },
        { path, body, options: other },
      ],
      holds: async (answers) => {
        expect(statuses(answers)).toEqual([200, 401]);
        expect(await harness.sessions.listLive(owner.id, harness.now())).toHaveLength(before + 1);
      },
    };
  },
  'POST /auth/second-factor/cancel': async (_harness, email) => {
    await makeAppOwner(harness, email);
    const options = await beginSignIn(harness, email);
    return twice({ path: '/auth/second-factor/cancel', options }, async (answers) => {
      expect(statuses(answers)).toEqual([204, 204]);
    });
  },
  'POST /auth/step-up/send': async (_harness, email) => {
    const { caller } = await makeEmailOwner(email);
    return twice({ path: '/auth/step-up/send', body: { method: 'email' }, options: { caller } }, async (answers) => {
      expect(statuses(answers)).toEqual([200, 429]);
    });
  },
  'POST /auth/step-up': async (_harness, email) => {
    const { caller, secret, sid } = await makeAppOwner(harness, email);
    const body = { method: 'totp', code: codeOf(harness, secret) };
    return twice({ path: '/auth/step-up', body, options: { caller } }, async (answers) => {
      expect(statuses(answers)).toEqual([200, 401]);
      expect(await countEvents('session.stepped-up', sid)).toBe(1);
    });
  },
  'POST /auth/api-keys': async ({ makeUser, signIn }, email) => {
    await makeUser(email);
    const { caller } = await signIn(email);
    return twice(
      { path: '/auth/api-keys', body: { name: 'Cron', scopes: [] }, options: { caller } },
      async (answers) => {
        expect(statuses(answers)).toEqual([201, 201]);
        expect(await countKeys(caller)).toBe(2);
      },
    );
  },
  'POST /auth/api-keys/:id/rotate': async ({ makeUser, signIn }, email) => {
    await makeUser(email);
    const { caller } = await signIn(email);
    const path = `/auth/api-keys/${await makeKey(caller)}/rotate`;
    return twice({ path, body: {}, options: { caller } }, async (answers) => {
      expect(statuses(answers)).toEqual([200, 409]);
      expect(await countKeys(caller)).toBe(1);
    });
  },
  'DELETE /auth/api-keys/:id': async ({ makeUser, signIn }, email) => {
    await makeUser(email);
    const { caller } = await signIn(email);
    return twice({ path: `/auth/api-keys/${await makeKey(caller)}`, options: { caller } }, async (answers) => {
      expect(statuses(answers)).toEqual([204, 404]);
      expect(await countKeys(caller)).toBe(0);
    });
  },
  'PUT /auth/users/:id/roles': async (_harness, email) => {
    const one = await makeStrictOwner(email);
    const other = await makeStrictOwner(`other-${email}`);
    const take = (by: AppOwner, from: AppOwner): Racer => ({
      path: `/auth/users/${from.id}/roles`,
      body: { roles: ['user'] },
      options: { caller: by.caller },
    });
    return {
      racers: [take(one, other), take(other, one)],
      holds: async (answers) => {
        expect(statuses(answers)[0]).toBe(200);
        expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
        const left = await Promise.all([one.id, other.id].map((id) => harness.identity.accounts.findById(id)));
        expect(left.filter((user) => user?.roles.includes(strict) === true)).toHaveLength(1);
      },
    };
  },
  'PUT /auth/roles/:name': async (_harness, email) => {
    const { caller } = await makeStrictOwner(email);
    const name = await makeRole();
    return raceToEdit(name, (permissions, version) => ({
      path: `/auth/roles/${name}`,
      body: { permissions, version },
      options: { caller },
    }));
  },
  'DELETE /auth/roles/:name': async (_harness, email) => {
    const { caller } = await makeStrictOwner(email);
    const name = await makeRole();
    const path = `/auth/roles/${name}?version=${(await findRole(name))?.version}`;
    return twice({ path, options: { caller } }, async (answers) => {
      expect(statuses(answers)).toEqual([204, 404]);
      expect(await findRole(name)).toBeUndefined();
      expect(await countRoleEvents(name)).toBe(2);
    });
  },
  'PUT /manage/roles/:name': async () => {
    const options = await makeManager();
    const name = await makeRole();
    return raceToEdit(name, (permissions, version) => ({
      path: `/manage/roles/${name}`,
      body: { permissions, version },
      options,
    }));
  },
  'DELETE /manage/roles/:name': async () => {
    const options = await makeManager();
    const name = await makeRole();
    const version = (await findRole(name))?.version ?? '';
    return {
      racers: [
        { path: `/manage/roles/${name}?version=${version}`, options },
        { path: `/manage/roles/${name}?version=${version}`, options },
      ],
      holds: async (answers) => {
        expect(statuses(answers)).toEqual([204, 404]);
        expect(await countRoleEvents(name)).toBe(2);
      },
    };
  },
  'DELETE /auth/users/:id/second-factor': async (_harness, email) => {
    const admin = await makeStrictOwner(`admin-${email}`);
    const owner = await makeAppOwner(harness, email);
    const path = `/auth/users/${owner.id}/second-factor`;
    return twice({ path, options: { caller: admin.caller } }, async (answers) => {
      expect(statuses(answers)).toEqual([204, 204]);
      expect(await liveSessions(owner.caller)).toBe(0);
      const resets = (await harness.events()).filter(
        ({ type, target, details }) =>
          type === 'second-factor.reset' && target === owner.id && String(details).includes('totp'),
      );
      expect(resets).toHaveLength(1);
    });
  },
  'POST /manage/users': async (_harness, email) => {
    const body = { name: 'Robin', email, invite: false };
    return twice({ path: '/manage/users', body, options: await makeManager() }, async (answers) => {
      expect(statuses(answers)).toEqual([201, 409]);
      const where = [{ field: 'email', value: email }];
      expect(await harness.database.records.count({ model: 'user', where })).toBe(1);
    });
  },
  'POST /manage/users/:id/invitation': async ({ makeUser }, email) => {
    const path = `/manage/users/${await makeUser(email)}/invitation`;
    return twice({ path, options: await makeManager() }, async (answers) => {
      expect(statuses(answers)).toEqual([200, 200]);
      expect(await harness.mailTo(email, 2)).toHaveLength(2);
    });
  },
  'PUT /manage/users/:id/roles': async ({ makeUser }, email) => {
    const id = await makeUser(email);
    const options = await makeManager();
    const give = (roles: readonly string[]): Racer => ({ path: `/manage/users/${id}/roles`, body: { roles }, options });
    return {
      racers: [give(['vendor']), give([])],
      holds: async (answers) => {
        expect(statuses(answers)).toEqual([200, 200]);
        const user = await harness.identity.accounts.findById(id);
        expect(user).toMatchObject({ generation: 3 });
        expect([['vendor'], []]).toContainEqual(user?.roles);
        expect(await countEvents('account.roles-changed', id)).toBe(2);
      },
    };
  },
  'PUT /manage/users/:id/ban': async ({ makeUser }, email) => {
    const [one, other] = [await makeUser(email, [strict]), await makeUser(`other-${email}`, [strict])];
    const options = await makeManager();
    const ban = (id: string): Racer => ({ path: `/manage/users/${id}/ban`, body: {}, options });
    return {
      racers: [ban(one), ban(other)],
      holds: async (answers) => {
        // They are the only ones who manage others.
        expect(statuses(answers)).toEqual([200, 409]);
        const left = await Promise.all([one, other].map((id) => harness.identity.accounts.findById(id)));
        expect(left.filter((user) => user?.isBanned === false)).toHaveLength(1);
        await clearRoles([one, other]);
      },
    };
  },
  'DELETE /manage/users/:id/ban': async ({ makeUser, identity }, email) => {
    const id = await makeUser(email);
    await identity.accounts.setBanned(id, true);
    return twice({ path: `/manage/users/${id}/ban`, options: await makeManager() }, async (answers) => {
      expect(statuses(answers)).toEqual([200, 200]);
      expect(await identity.accounts.findById(id)).toMatchObject({ isBanned: false });
    });
  },
  'DELETE /manage/users/:id': async ({ makeUser }, email) => {
    const [one, other] = [await makeUser(email, [strict]), await makeUser(`other-${email}`, [strict])];
    const options = await makeManager();
    const remove = (id: string): Racer => ({ path: `/manage/users/${id}`, options });
    return {
      racers: [remove(one), remove(other)],
      holds: async (answers) => {
        expect(statuses(answers)).toEqual([204, 409]);
        const left = await Promise.all([one, other].map((id) => harness.identity.accounts.findById(id)));
        expect(left.filter((user) => user !== null)).toHaveLength(1);
        await clearRoles([one, other]);
      },
    };
  },
  'POST /auth/sign-in/provider': async () =>
    twice({ path: '/auth/sign-in/provider', body: { provider: 'acme' } }, async (answers) => {
      expect(statuses(answers)).toEqual([200, 200]);
      expect(new Set(answers.map(({ text }) => text)).size).toBe(2);
    }),
  'POST /auth/provider-flows': async () => {
    const body = { provider: 'acme', redirectUri, codeChallenge: 'c'.repeat(43) };
    return twice({ path: '/auth/provider-flows', body }, async (answers) => {
      expect(statuses(answers)).toEqual([200, 200]);
      expect(new Set(answers.map((answer) => (answer.body as { readonly state: string }).state)).size).toBe(2);
    });
  },
  'POST /auth/token/provider': async (_harness, email) =>
    twice({ path: '/auth/token/provider', body: await broughtCode(email) }, async (answers) => {
      expect(statuses(answers)).toEqual([200, 400]);
      expect(await accountsWith(email)).toBe(1);
    }),
  'POST /auth/sign-in/provider/code': async (_harness, email) =>
    twice({ path: '/auth/sign-in/provider/code', body: await broughtCode(email) }, async (answers) => {
      expect(statuses(answers)).toEqual([200, 400]);
      expect(await accountsWith(email)).toBe(1);
    }),
  'POST /auth/step-up/provider': async (_harness, email) => {
    const browser = openBrowser(harness);
    await signInAt(standIn, browser, { sub: email, email, email_verified: true });
    const caller = await callerOfBrowser(browser);
    return twice(
      { path: '/auth/step-up/provider', body: { provider: 'acme' }, options: { caller } },
      async (answers) => {
        expect(statuses(answers)).toEqual([200, 200]);
      },
    );
  },
  'POST /auth/account/providers': async ({ makeUser, signIn }, email) => {
    await makeUser(email);
    const { caller } = await signIn(email);
    return twice(
      { path: '/auth/account/providers', body: { provider: 'acme' }, options: { caller } },
      async (answers) => {
        expect(statuses(answers)).toEqual([200, 200]);
      },
    );
  },
  'DELETE /auth/account/providers/:id': async ({ makeUser, signIn, call }, email) => {
    await makeUser(email);
    await signInAt(standIn, openBrowser(harness), { sub: email, email, email_verified: true });
    const { caller } = await signIn(email);
    const { body } = await call('GET', '/auth/account/providers', undefined, { caller });
    const { connected } = body as { readonly connected: readonly { readonly id: string }[] };
    const path = `/auth/account/providers/${connected[0]?.id}`;
    return twice({ path, options: { caller } }, async (answers) => {
      expect(statuses(answers)).toEqual([204, 404]);
      expect(await countEvents('provider.disconnected', caller.kind === 'user' ? caller.id : '')).toBe(1);
    });
  },
  'POST /auth/callback/:provider': async () => {
    const browser = openBrowser(harness);
    await begin(browser);
    const options = { headers: { 'content-type': 'application/x-www-form-urlencoded' }, rawBody: 'code=a&state=b' };
    return twice({ path: '/auth/callback/apple', options }, async (answers) => {
      expect(answers.map(placeOf)).toEqual(['/auth/callback/apple', '/auth/callback/apple']);
    });
  },
  'POST /auth/providers/:id/backchannel-logout': async (_harness, email) => {
    const browser = openBrowser(harness);
    await signInAt(standIn, browser, { sub: email, email, email_verified: true });
    const token = await standIn.signLogoutToken({ sub: email });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const options = { headers, rawBody: `logout_token=${token}` };
    return twice({ path: '/auth/providers/acme/backchannel-logout', options }, async (answers) => {
      expect(statuses(answers)).toEqual([200, 400]);
      expect(await browser.caller()).toBeUndefined();
    });
  },
  'POST /auth/organizations': async (_harness, email) => {
    const owner = await makeOwner(email, 2);
    const options = { caller: await owner.caller() };
    return twice({ path: '/auth/organizations', body: { name: 'Acme' }, options }, async (answers) => {
      // The third is the last one that a user may be a member of.
      expect(statuses(answers)).toEqual([201, 409]);
    });
  },
  'POST /auth/organizations/active': async (_harness, email) => {
    const owner = await makeOwner(email);
    const ids = [await makeOrganization(owner), await makeOrganization(owner)];
    const options = { caller: await owner.caller() };
    const turn = (organization: string | undefined): Racer => ({
      path: '/auth/organizations/active',
      body: { organization },
      options,
    });
    return {
      racers: [turn(ids[0]), turn(ids[1])],
      holds: async (answers) => {
        expect(statuses(answers)).toEqual([200, 200]);
        const record = await harness.sessions.findBySid(owner.sid);
        expect(ids).toContain(record?.org);
        expect(record?.generation).toBe(3);
        expect(await countEvents('organization.activated', owner.sid)).toBe(2);
      },
    };
  },
  'PATCH /auth/organizations/:id': async (_harness, email) => {
    const owner = await makeOwner(email);
    const path = `/auth/organizations/${await makeOrganization(owner)}`;
    return twice({ path, body: { name: 'Globex' }, options: { caller: await owner.caller() } }, async (answers) => {
      expect(statuses(answers)).toEqual([200, 200]);
    });
  },
  'DELETE /auth/organizations/:id': async (_harness, email) => {
    const owner = await makeOwner(email);
    const id = await makeOrganization(owner);
    const options = { caller: await owner.caller() };
    return twice({ path: `/auth/organizations/${id}`, options }, async (answers) => {
      expect(statuses(answers)).toEqual([204, 404]);
      const where = [{ field: 'organizationId', value: id }];
      expect(await harness.database.records.count({ model: 'sallyportOrganizationMember', where })).toBe(0);
    });
  },
  'PUT /auth/organizations/:id/members/:user': async (_harness, email) => {
    const [one, other] = [await makeOwner(email), await makeOwner(`other-${email}`)];
    const id = await makeOrganization(one);
    await join(harness, id, other, ['owner']);
    const stepDown = async (person: Person): Promise<Racer> => ({
      path: `/auth/organizations/${id}/members/${person.id}`,
      body: { roles: ['clerk'] },
      options: { caller: await person.caller() },
    });
    return {
      racers: [await stepDown(one), await stepDown(other)],
      holds: async (answers) => {
        expect(statuses(answers)).toEqual([200, 409]);
        const roles = [await rolesOf(harness, id, one), await rolesOf(harness, id, other)];
        expect(new Set(roles.flat())).toEqual(new Set(['clerk', 'owner']));
      },
    };
  },
  'DELETE /auth/organizations/:id/members/:user': async (_harness, email) => {
    const [one, other] = [await makeOwner(email), await makeOwner(`other-${email}`)];
    const id = await makeOrganization(one);
    await join(harness, id, other, ['owner']);
    const leave = async (person: Person): Promise<Racer> => ({
      path: `/auth/organizations/${id}/members/${person.id}`,
      options: { caller: await person.caller() },
    });
    return {
      racers: [await leave(one), await leave(other)],
      holds: async (answers) => {
        expect(statuses(answers)).toEqual([204, 409]);
        const roles = [await rolesOf(harness, id, one), await rolesOf(harness, id, other)];
        expect(roles.filter((held) => held !== undefined)).toEqual([['owner']]);
      },
    };
  },
  'POST /auth/organizations/:id/invitations': async (_harness, email) => {
    const owner = await makeOwner(email);
    const path = `/auth/organizations/${await makeOrganization(owner)}/invitations`;
    const body = { email: `new-${email}`, roles: ['guest'] };
    return twice({ path, body, options: { caller: await owner.caller() } }, async (answers) => {
      expect(statuses(answers)).toEqual([201, 409]);
      expect(await harness.mailTo(`new-${email}`, 1)).toHaveLength(1);
    });
  },
  'POST /auth/organizations/:id/invitations/:invitation/resend': async (_harness, email) => {
    const { owner, path } = await makeInvitation(email);
    return twice({ path: `${path}/resend`, options: { caller: await owner.caller() } }, async (answers) => {
      expect(statuses(answers)).toEqual([200, 200]);
      const where = [{ field: 'email', value: `new-${email}` }];
      expect(await harness.database.records.count({ model: 'sallyportOrganizationInvitation', where })).toBe(1);
    });
  },
  'DELETE /auth/organizations/:id/invitations/:invitation': async (_harness, email) => {
    const { owner, path } = await makeInvitation(email);
    return twice({ path, options: { caller: await owner.caller() } }, async (answers) => {
      expect(statuses(answers)).toEqual([204, 404]);
      expect(await countEvents('organization.invitation-ended', owner.id)).toBe(1);
    });
  },
  'POST /auth/organizations/invitations/check': async (_harness, email) => {
    const { token } = await makeInvitation(email);
    return twice({ path: '/auth/organizations/invitations/check', body: { token } }, async (answers) => {
      expect(statuses(answers)).toEqual([200, 200]);
    });
  },
  'POST /auth/organizations/invitations/accept': async (_harness, email) => {
    const { token } = await makeInvitation(email);
    const newcomer = await makePerson(harness, `new-${email}`.replace('@example.test', ''));
    const options = { caller: await newcomer.caller() };
    return twice({ path: '/auth/organizations/invitations/accept', body: { token }, options }, async (answers) => {
      expect(statuses(answers)).toEqual([200, 400]);
      expect(await countEvents('organization.member-joined', newcomer.id)).toBe(1);
    });
  },
  'POST /auth/organizations/invitations/decline': async (_harness, email) => {
    const { token } = await makeInvitation(email);
    return twice({ path: '/auth/organizations/invitations/decline', body: { token } }, async (answers) => {
      expect(statuses(answers)).toEqual([204, 400]);
    });
  },
};

/** An invitation of a new owner, and where it is. */
async function makeInvitation(
  email: string,
): Promise<{ readonly owner: Person; readonly path: string; readonly token: string }> {
  const owner = await makeOwner(email);
  const path = `/auth/organizations/${await makeOrganization(owner)}/invitations`;
  const body = { email: `new-${email}`, roles: ['guest'] };
  const answer = await harness.call('POST', path, body, { caller: await owner.caller() });
  const { invitation } = answer.body as InvitationAnswer;
  const token = await harness.linkToken(`new-${email}`, 'organization-invitation');
  return { owner, path: `${path}/${invitation.id}`, token };
}

/** A user who owns so many organizations. */
async function makeOwner(email: string, organizations = 0): Promise<Person> {
  const person = await makePerson(harness, email.replace('@example.test', ''));
  for (let count = 0; count < organizations; count += 1) await makeOrganization(person);
  return person;
}

/** Who a browser is signed in as. */
async function callerOfBrowser(browser: ProviderBrowser): Promise<Caller> {
  const caller = await browser.caller();
  if (caller === undefined) throw new TypeError('the browser is not signed in');
  return caller;
}

let roles = 0;

/** A role of its own for each round. */
async function makeRole(): Promise<string> {
  roles += 1;
  const name = `role-${roles}`;
  const operation = harness.identity.operations.find((one) => one.name === 'roles/set');
  const operator = { actor: 'operator:ada', requestId: 'operator', address: 'local' };
  await operation?.run({ name, permissions: ['product:read'], version: null }, operator);
  return name;
}

function findRole(name: string) {
  const where = [{ field: 'name', value: name }];
  const model = recordModels.role;
  return harness.database.records
    .findOne<{ readonly id: string; readonly permissions: string; readonly generation: number }>({ model, where })
    .then((row) => (row === null ? undefined : { ...row, version: `${row.generation}-${row.id}` }));
}

async function countRoleEvents(name: string): Promise<number> {
  const events = await harness.events();
  return events.filter(({ type, details }) => type === 'role.changed' && String(details).includes(`"${name}"`)).length;
}

/** Two editors who read the same version, and want different things. */
async function raceToEdit(
  name: string,
  racerOf: (permissions: readonly string[], version: string) => Racer,
): Promise<Race> {
  const version = (await findRole(name))?.version ?? '';
  return {
    racers: [racerOf([], version), racerOf(['product:read', 'role:manage'], version)],
    holds: async (answers) => {
      expect(statuses(answers)).toEqual([200, 409]);
      const won = answers.find(({ status }) => status === 200)?.body as { readonly role: ManagedRole };
      expect((await findRole(name))?.permissions.split(' ').filter(Boolean)).toEqual(won.role.permissions);
      expect(await countRoleEvents(name)).toBe(2);
    },
  };
}

let services = 0;

/** A service that may do whatever an administrator may. */
async function makeManager(): Promise<RequestOptions> {
  services += 1;
  const { caller } = await makeService(
    harness,
    `desk-${services}`,
    [strict],
    ['product:read', 'user:manage', 'role:manage'],
  );
  return { caller };
}

/** Makes room for the next round: who is left there is not one of its managers. */
async function clearRoles(ids: readonly string[]): Promise<void> {
  const where = [{ field: 'id', operator: 'in' as const, value: [...ids] }];
  await harness.database.records.updateMany({ model: 'user', where, update: { roles: '' } });
}

describe(onDatabase('two requests at the same moment'), () => {
  it('have a row for every route that changes something', () => {
    const served = harness.identity.app.routes
      .filter(({ method }) => !['ALL', 'GET', 'HEAD'].includes(method))
      .map(({ method, path }) => `${method} ${path}`);
    expect(Object.keys(races).sort()).toEqual([...new Set(served)].sort());
  });

  it.skipIf(!canRace()).each(Object.entries(races))(
    'leave what one after the other would: %s',
    async (route, prepare) => {
      const [method = ''] = route.split(' ');
      for (let round = 0; round < rounds; round += 1) {
        const { racers, holds } = await prepare(harness, `robin-${round}@example.test`);
        const answers = await Promise.all(
          racers.map(({ path, body, options }) => harness.call(method, path, body, options)),
        );
        expect(answers.filter(({ status }) => status >= 500).map(({ text }) => text)).toEqual([]);
        await holds(answers);
      }
    },
  );
});

function twice(racer: Racer, holds: Race['holds']): Race {
  return { racers: [racer, racer], holds };
}

function statuses(answers: readonly Answer[]): readonly number[] {
  return answers.map(({ status }) => status).toSorted((one, other) => one - other);
}

function sumOf(answers: readonly Answer[], field: string): number {
  return answers
    .map(({ body }) => (body as Readonly<Record<string, unknown>> | undefined)?.[field])
    .reduce<number>((sum, value) => sum + (typeof value === 'number' ? value : 0), 0);
}

async function countEvents(type: string, about: string): Promise<number> {
  const events = await harness.events();
  return events.filter(
    (event) => event['type'] === type && [event['sid'], event['target'], event['actor']].includes(about),
  ).length;
}

async function liveSessions(caller: Caller): Promise<number> {
  return caller.kind === 'user' ? (await harness.sessions.listLive(caller.id, harness.now())).length : 0;
}

async function makeKey(caller: Caller): Promise<string> {
  const { body } = await harness.call('POST', '/auth/api-keys', { name: 'Cron', scopes: [] }, { caller });
  return (body as { readonly key: { readonly id: string } }).key.id;
}

async function countKeys(caller: Caller): Promise<number> {
  const { body } = await harness.call('GET', '/auth/api-keys', undefined, { caller });
  return (body as { readonly keys: readonly unknown[] }).keys.length;
}

async function countFactorRows(caller: Caller): Promise<number> {
  const userId = caller.kind === 'user' ? caller.id : '';
  return harness.database.records.count({ model: 'sallyportFactor', where: [{ field: 'userId', value: userId }] });
}

/** An account with the strict role and an app. Afterwards the clock stands in a step of which no code was used. */
async function makeStrictOwner(email: string): Promise<AppOwner> {
  const id = await harness.makeUser(email, [strict]);
  const { secret, recoveryCodes, answer } = await setUpApp(harness, await beginSignIn(harness, email));
  harness.advance(60);
  const session = await harness.identity.directory.byToken(answer.cookie ?? '');
  if (session === null) throw new TypeError('the sign-in made no session');
  return { id, email, secret, recoveryCodes, caller: session.principal, sid: session.principal.sid };
}

/** An account that gets its codes by mail. */
async function makeEmailOwner(email: string): Promise<{ readonly caller: Caller }> {
  await harness.makeUser(email);
  const { caller, sid } = await harness.signIn(email);
  await harness.call('POST', '/auth/second-factor/email/start', undefined, { caller });
  const [message] = await harness.mailTo(email, 1);
  await harness.call('POST', '/auth/second-factor/email/confirm', { code: message?.code }, { caller });
  harness.advance(60);
  return { caller: await callerOf(harness, sid) };
}

async function broughtCode(email: string): Promise<object> {
  const flow = await beginCodeFlow(harness);
  const answer = codeFrom(standIn, flow, { sub: email, email, email_verified: true });
  return { flow: flow.flow, codeVerifier: flow.codeVerifier, ...answer };
}

function accountsWith(email: string): Promise<number> {
  return harness.database.records.count({ model: 'user', where: [{ field: 'email', value: email }] });
}
