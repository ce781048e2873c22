import { createLocalJWKSet, decodeJwt, jwtVerify, type JSONWebKeySet } from 'jose';
import { expect } from 'vitest';
import type { Fixture } from './fixture.ts';
import { signWebhook, totpCode, type StoredGateway } from './stored-gateway.ts';

/** A gateway of today on what an earlier one stored. */
export interface UpgradedSystem {
  readonly gateway: StoredGateway;
  readonly fixture: Fixture;
  /** How far the clock of the gateway is ahead. */
  readonly clockShiftMilliseconds: number;
}

/** Something that an upgrade must leave as it was. */
export interface StoredCheck {
  readonly name: string;
  readonly check: (system: UpgradedSystem) => Promise<void>;
}

/** In this order: the last one ends every session of the account. */
export const storedChecks: readonly StoredCheck[] = [
  {
    name: 'a browser stays signed in, with its session and role',
    async check({ gateway, fixture: { accounts, session } }) {
      const answer = await gateway.ask('/auth/session', { cookie: session.cookie });
      expect(answer).toMatchObject({
        status: 200,
        body: {
          status: 'signed-in',
          user: { id: accounts.vendor.id, roles: ['vendor'] },
          session: { sid: session.sid },
        },
      });
    },
  },
  {
    name: 'the stored keys are published, and tokens are signed with them',
    async check({ gateway, fixture, clockShiftMilliseconds }) {
      const { session } = fixture;
      const published = createLocalJWKSet(await gateway.keys());
      const madeThen = { audience: 'echo', currentDate: new Date(fixture.madeAt) };
      await expect(jwtVerify(fixture.token, published, madeThen)).resolves.toMatchObject({ payload: { aud: 'echo' } });

      const known = createLocalJWKSet({ keys: fixture.keys } as JSONWebKeySet);
      const { body } = await gateway.ask('/api/echo', { cookie: session.cookie });
      const currentDate = new Date(Date.now() + clockShiftMilliseconds);
      const { payload } = await jwtVerify(String(body['token']), known, { audience: 'echo', currentDate });
      expect(payload).toMatchObject({ sid: session.sid, roles: ['vendor'], scope: 'product:read product:create' });
    },
  },
  {
    name: 'a password fits a hash of our own',
    check: (system) => signIn(system, system.fixture.accounts.vendor.email),
  },
  {
    name: 'a password fits an imported bcrypt hash',
    check: (system) => signIn(system, system.fixture.accounts.imported.email),
  },
  {
    name: 'the second factor is demanded, and the code of the app is accepted',
    async check(system) {
      const { gateway, fixture, clockShiftMilliseconds } = system;
      const cookie = await beginSecondStep(system);
      const now = Date.now() + clockShiftMilliseconds;
      const json = { method: 'totp', code: totpCode(fixture.accounts.twoSteps.totpSecret, now) };
      const answer = await gateway.ask('/auth/second-factor/verify', { cookie, json });
      expect(answer).toMatchObject({ status: 200, body: { status: 'signed-in' } });
    },
  },
  {
    name: 'a recovery code is accepted',
    async check(system) {
      const cookie = await beginSecondStep(system);
      const json = { method: 'recovery-code', code: system.fixture.accounts.twoSteps.recoveryCode };
      const answer = await system.gateway.ask('/auth/second-factor/verify', { cookie, json });
      expect(answer).toMatchObject({ status: 200, body: { status: 'signed-in' } });
    },
  },
  {
    name: 'an API key is accepted, for what it was made for',
    async check({ gateway, fixture: { apiKey } }) {
      if (apiKey === undefined) return;
      const { status, body } = await gateway.ask('/api/echo', { headers: { 'x-api-key': apiKey } });
      expect(status).toBe(200);
      expect(decodeJwt(String(body['token']))).toMatchObject({ cred: 'api-key', scope: 'product:read' });
    },
  },
  {
    name: 'a program stays signed in: its refresh token is accepted once',
    async check({ gateway, fixture: { refreshToken } }) {
      if (refreshToken === undefined) return;
      const refreshed = await gateway.ask('/auth/token/refresh', { json: { refresh_token: refreshToken } });
      expect(refreshed.status).toBe(200);
      expect(refreshed.body['refresh_token']).not.toBe(refreshToken);
      const headers = { authorization: `Bearer ${String(refreshed.body['access_token'])}` };
      expect((await gateway.ask('/api/echo', { headers })).status).toBe(200);
    },
  },
  {
    name: 'a webhook that was delivered is refused when it comes again, and another is taken',
    async check({ gateway, fixture: { delivery }, clockShiftMilliseconds }) {
      if (delivery === undefined) return;
      const { headers, body } = delivery;
      const again = await gateway.ask('/hook', { headers, json: body });
      expect(again).toMatchObject({ status: 409, body: { code: 'SP_WEBHOOK_REPLAYED' } });
      const next = signWebhook('msg_next', body, Date.now() + clockShiftMilliseconds);
      expect((await gateway.ask('/hook', { headers: next, json: body })).status).toBe(200);
    },
  },
  {
    name: 'a session of before works in an organization, of which nothing was stored',
    async check({ gateway, fixture: { session } }) {
      const { cookie } = session;
      const made = await gateway.ask('/auth/organizations', { cookie, json: { name: 'Acme' } });
      expect(made.status).toBe(201);
      const { id } = made.body['organization'] as { readonly id: string };
      await gateway.ask('/auth/organizations/active', { cookie, json: { organization: id } });
      const { body } = await gateway.ask('/api/echo', { cookie });
      const scope = 'product:read product:create product:archive';
      expect(decodeJwt(String(body['token']))).toMatchObject({ org: id, org_roles: ['owner'], scope });
    },
  },
  {
    name: 'an account that is banned for a while stays banned',
    async check({ gateway, fixture: { accounts, password } }) {
      if (accounts.suspended === undefined) return;
      const answer = await gateway.ask('/auth/sign-in/email', { json: { email: accounts.suspended.email, password } });
      expect(answer.status).toBe(401);
    },
  },
  {
    name: 'an account whose ban is over is let in',
    async check(system) {
      const { returned } = system.fixture.accounts;
      if (returned !== undefined) await signIn(system, returned.email);
    },
  },
  {
    name: 'an OAuth client is given a token for its secret, and for no other',
    async check({ gateway, fixture: { oauthClient } }) {
      if (oauthClient === undefined) return;
      const { id, secret } = oauthClient;
      const askWith = (presented: string) =>
        gateway.ask('/oauth2/token', {
          headers: { authorization: `Basic ${Buffer.from(`${id}:${presented}`).toString('base64')}` },
          form: { grant_type: 'client_credentials' },
        });
      expect(await askWith(secret)).toMatchObject({ status: 200, body: { token_type: 'Bearer' } });
      expect(await askWith(secret.replace(/.$/, '-'))).toMatchObject({
        status: 401,
        body: { error: 'invalid_client' },
      });
    },
  },
  {
    name: 'a link for a new password that was mailed before is accepted',
    async check({ gateway, fixture }) {
      const json = { token: fixture.resetToken, newPassword: 'another horse, another battery' };
      expect((await gateway.ask('/auth/reset-password', { json })).status).toBe(200);
      const answer = await gateway.ask('/auth/session', { cookie: fixture.session.cookie });
      expect(answer.body).toMatchObject({ status: 'signed-out' });
    },
  },
];

async function signIn({ gateway, fixture: { password } }: UpgradedSystem, email: string): Promise<void> {
  const answer = await gateway.ask('/auth/sign-in/email', { json: { email, password } });
  expect(answer).toMatchObject({ status: 200, body: { status: 'signed-in' } });
}

/** Resolves to the cookie of a sign-in that waits for its second factor. */
async function beginSecondStep({ gateway, fixture: { accounts, password } }: UpgradedSystem): Promise<string> {
  const answer = await gateway.ask('/auth/sign-in/email', { json: { email: accounts.twoSteps.email, password } });
  expect(answer).toMatchObject({ status: 200, body: { status: 'second-factor-required' } });
  return answer.cookies.join('; ');
}
