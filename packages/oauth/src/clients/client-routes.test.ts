import { anonymous, type Caller } from '@sallyport/core';
import { onDatabase, type Answer, type Harness } from '@sallyport/identity/test-support/harness';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeService, operate, partner, startOAuthHarness } from '../oauth.test-support.ts';
import type { ClientAnswer, ClientsAnswer } from './client-routes.ts';

let harness: Harness;
let registrar: Caller;
beforeEach(async () => {
  harness = await startOAuthHarness();
  ({ caller: registrar } = await makeService(harness, 'desk', ['registrar']));
});
afterEach(() => harness.close());

const secretForm = /^sp_cs_[0-9a-f]{48}[0-9A-Za-z]{6}$/;
const app = {
  name: 'Phone app',
  authentication: 'none',
  grantTypes: ['authorization_code'],
  redirectUris: ['com.example.app:/callback'],
};
const job = {
  name: 'Job',
  authentication: 'client_secret_post',
  grantTypes: ['client_credentials'],
  scopes: ['product:read'],
};
const key = {
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
};
const signer = {
  name: 'Signer',
  authentication: 'private_key_jwt',
  grantTypes: ['client_credentials'],
  jwks: { keys: [key] },
};

const call = (method: string, path: string, body?: unknown, caller: Caller = registrar): Promise<Answer> =>
  harness.call(method, `/manage/oauth-clients${path}`, body, { caller });
const clientOf = ({ body }: Answer): ClientAnswer['client'] => (body as ClientAnswer).client;
const secretOf = ({ body }: Answer): string => (body as ClientAnswer).secret ?? '';
const codeOf = ({ body }: Answer): unknown => (body as { readonly code?: unknown } | undefined)?.code;
const fieldsOf = ({ body }: Answer): readonly string[] =>
  (body as { readonly errors?: readonly { readonly field: string }[] }).errors?.map(({ field }) => field) ?? [];
const register = async (change: object = {}, caller?: Caller): Promise<Answer> => {
  const answer = await call('POST', '', { ...partner, ...change }, caller);
  expect([answer.status, answer.status === 201 ? '' : answer.text]).toEqual([201, '']);
  return answer;
};
const eventsOf = async (id: string): Promise<readonly unknown[]> =>
  (await harness.events()).filter(({ target }) => target === id).map(({ type }) => type);

describe(onDatabase('a client'), () => {
  it('is registered with a secret that is shown once and kept as a hash', async () => {
    const answer = await register();
    const [client, secret] = [clientOf(answer), secretOf(answer)];
    expect(client).toMatchObject({ ...partner, trust: 'third-party', disabledAt: null, jwks: null });
    expect(client.id).toMatch(/^client_[0-9a-f]{20}$/);
    expect(secret).toMatch(secretForm);
    expect(client.secret).toMatchObject({ hint: secret.slice(0, 10), previousUntil: null });
    const shown = await call('GET', `/${client.id}`);
    expect([shown.status, secretOf(shown), shown.text.includes(secret)]).toEqual([200, '', false]);
    expect(await harness.dump()).not.toContain(secret.slice(10));
    expect(await eventsOf(client.id)).toEqual(['oauth-client.created']);
  });

  it.each([
    { name: 'that is an app without a secret', body: app },
    { name: 'that is a program with a secret', body: job },
    { name: 'that signs with its own key', body: signer },
    {
      name: 'that says where its keys are',
      body: { ...signer, jwks: undefined, jwksUri: 'https://signer.example/jwks' },
    },
    { name: 'that asks for no scope at all', body: { ...job, scopes: [] } },
  ])('may be one $name', async ({ body }) => {
    const answer = await call('POST', '', body);
    expect([answer.status, answer.text.includes('"errors"')]).toEqual([201, false]);
    expect(clientOf(answer).secret === null).toBe(secretOf(answer) === '');
  });

  it('changes as it is told, and stays as it is otherwise', async () => {
    const { id } = clientOf(await register());
    const change = { name: 'Acme', redirectUris: ['https://acme.example/cb'], backchannelLogoutUri: null };
    const answer = await call('PATCH', `/${id}`, change);
    const { backchannelLogoutUri: _gone, ...rest } = partner;
    expect(clientOf(answer)).toMatchObject({ ...rest, ...change, id });
    expect(secretOf(answer)).toBe('');
    expect(await eventsOf(id)).toEqual(['oauth-client.created', 'oauth-client.changed']);
    expect(harness.heard).toContainEqual({
      kind: 'revocation',
      event: expect.objectContaining({ kind: 'client', id, reason: 'changed' }) as object,
    });
  });

  it('stays as it is, and writes no event, where nothing is to change', async () => {
    const made = clientOf(await register());
    expect(clientOf(await call('PATCH', `/${made.id}`, {}))).toEqual(made);
    expect(await eventsOf(made.id)).toEqual(['oauth-client.created']);
  });

  it('is given a secret by the change that needs one, and loses it by the one that does not', async () => {
    const { id } = clientOf(
      await register({ authentication: 'none', grantTypes: ['authorization_code'], scopes: ['openid'] }),
    );
    const changed = await call('PATCH', `/${id}`, { authentication: 'client_secret_post' });
    expect(secretOf(changed)).toMatch(secretForm);
    const back = await call('PATCH', `/${id}`, { authentication: 'none' });
    expect([clientOf(back).secret, secretOf(back)]).toEqual([null, '']);
    expect((await call('POST', `/${id}/secret`, {})).status).toBe(409);
  });

  it('has two secrets for a while after a rotation, and no third one meanwhile', async () => {
    const answer = await register();
    const { id } = clientOf(answer);
    const rotated = await call('POST', `/${id}/secret`, { overlapSeconds: 60 });
    const until = new Date(harness.now().getTime() + 60_000).toISOString();
    expect([rotated.status, clientOf(rotated).secret?.previousUntil]).toEqual([200, until]);
    expect(secretOf(rotated)).not.toBe(secretOf(answer));
    expect((await call('POST', `/${id}/secret`, { overlapSeconds: 60 })).status).toBe(409);
    harness.advance(61);
    expect(clientOf(await call('GET', `/${id}`)).secret?.previousUntil).toBeNull();
    expect((await call('POST', `/${id}/secret`, { overlapSeconds: 0 })).status).toBe(200);
  });

  it('is disabled and enabled again, and every gateway hears of both', async () => {
    const { id } = clientOf(await register());
    expect(clientOf(await call('PUT', `/${id}/disabled`)).disabledAt).toBe(harness.now().toISOString());
    expect((await call('PUT', `/${id}/disabled`)).status).toBe(200);
    expect(clientOf(await call('DELETE', `/${id}/disabled`)).disabledAt).toBeNull();
    expect(await eventsOf(id)).toEqual(['oauth-client.created', 'oauth-client.disabled', 'oauth-client.enabled']);
    const heard = harness.heard.flatMap((message) => (message.kind === 'revocation' ? [message.event] : []));
    expect(heard.filter((event) => event.id === id).map(({ kind, reason }) => [kind, reason])).toEqual([
      ['client', 'disabled'],
      ['client', 'disabled'],
      ['client', 'enabled'],
    ]);
  });

  it('is deleted, and every gateway hears of it, also the second time', async () => {
    const { id } = clientOf(await register());
    expect((await call('DELETE', `/${id}`)).status).toBe(204);
    expect((await call('GET', `/${id}`)).status).toBe(404);
    const before = harness.heard.length;
    expect((await call('DELETE', `/${id}`)).status).toBe(404);
    expect(harness.heard.length).toBe(before + 1);
    expect(await eventsOf(id)).toEqual(['oauth-client.created', 'oauth-client.deleted']);
  });
});

describe(onDatabase('the list of clients'), () => {
  it('comes in pages', async () => {
    for (const name of ['One', 'Two', 'Three']) await register({ name });
    const first = (await call('GET', '?limit=2')).body as ClientsAnswer;
    const last = (await call('GET', `?limit=2&after=${first.next ?? ''}`)).body as ClientsAnswer;
    expect([first.clients.length, last.clients.length, last.next]).toEqual([2, 1, null]);
    expect(new Set([...first.clients, ...last.clients].map(({ name }) => name))).toEqual(
      new Set(['One', 'Two', 'Three']),
    );
  });

  it.each(['?limit=0', '?limit=101', '?limit=x', '?after=x', '?name=Acme', '?limit=1&limit=2'])(
    'refuses %s',
    async (query) => {
      expect([400, 422]).toContain((await call('GET', query)).status);
    },
  );
});

describe(onDatabase('a registration'), () => {
  it.each([
    { name: 'an unknown field', change: { secret: 'x' }, field: 'secret' },
    { name: 'an id of its own', change: { id: 'client_00000000000000000000' }, field: 'id' },
    { name: 'no name', change: { name: undefined }, field: 'name' },
    { name: 'a name that turns the direction of text', change: { name: 'Acme\u202e' }, field: 'name' },
    { name: 'a name with a line end', change: { name: 'Acme\nBank' }, field: 'name' },
    { name: 'an unknown trust', change: { trust: 'second-party' }, field: 'trust' },
    { name: 'an unknown authentication', change: { authentication: 'client_secret_jwt' }, field: 'authentication' },
    { name: 'no grant type', change: { grantTypes: [] }, field: 'grantTypes' },
    { name: 'the implicit grant', change: { grantTypes: ['implicit'] }, field: 'grantTypes.0' },
    { name: 'the password grant', change: { grantTypes: ['password'] }, field: 'grantTypes.0' },
    {
      name: 'a grant type twice',
      change: { grantTypes: ['authorization_code', 'authorization_code'] },
      field: 'grantTypes',
    },
    { name: 'client credentials of a public client', change: { ...job, authentication: 'none' }, field: 'grantTypes' },
    {
      name: 'a refresh token alone',
      change: { grantTypes: ['refresh_token'], redirectUris: [], backchannelLogoutUri: undefined },
      field: 'grantTypes',
    },
    { name: 'refresh tokens without offline_access', change: { scopes: ['openid'] }, field: 'grantTypes' },
    {
      name: 'offline_access without refresh tokens',
      change: { grantTypes: ['authorization_code'] },
      field: 'grantTypes',
    },
    { name: 'no redirect URI', change: { redirectUris: [] }, field: 'redirectUris' },
    {
      name: 'a redirect URI with a wildcard',
      change: { redirectUris: ['https://*.acme.example/'] },
      field: 'redirectUris.0',
    },
    {
      name: 'a redirect URI twice',
      change: { redirectUris: [partner.redirectUris[0], partner.redirectUris[0]] },
      field: 'redirectUris',
    },
    {
      name: 'a redirect URI that is a list',
      change: { redirectUris: [['https://acme.example/']] },
      field: 'redirectUris.0',
    },
    {
      name: 'redirect URIs of a program',
      change: { ...job, redirectUris: partner.redirectUris },
      field: 'redirectUris',
    },
    {
      name: 'a scheme of an app and a secret',
      change: { redirectUris: ['com.example.app:/cb'] },
      field: 'authentication',
    },
    { name: 'a scope that is none', change: { scopes: ['openid', 'everything'] }, field: 'scopes.1' },
    { name: 'a scope with a wildcard', change: { scopes: ['openid', 'product:*'] }, field: 'scopes.1' },
    {
      name: 'a permission that the policy does not have',
      change: { scopes: ['openid', 'offline_access', 'order:read'] },
      field: 'scopes',
    },
    { name: 'profile without openid', change: { scopes: ['profile', 'offline_access'] }, field: 'scopes' },
    { name: 'openid of a program', change: { ...job, scopes: ['openid'] }, field: 'scopes' },
    { name: 'a resource that is relative', change: { resources: ['/api'] }, field: 'resources.0' },
    {
      name: 'a logout address with a fragment',
      change: { backchannelLogoutUri: 'https://acme.example/#x' },
      field: 'backchannelLogoutUri',
    },
    {
      name: 'a logout address in plain http',
      change: { backchannelLogoutUri: 'http://acme.example/' },
      field: 'backchannelLogoutUri',
    },
    {
      name: 'a logout address on loopback that is not listed',
      change: { backchannelLogoutUri: 'http://localhost:9/' },
      field: 'backchannelLogoutUri',
    },
    {
      name: 'a logout address in a private network',
      change: { backchannelLogoutUri: 'https://10.0.0.1/' },
      field: 'backchannelLogoutUri',
    },
    {
      name: 'a logout address at the metadata of a cloud',
      change: { backchannelLogoutUri: 'https://169.254.169.254/' },
      field: 'backchannelLogoutUri',
    },
    { name: 'private_key_jwt without keys', change: { authentication: 'private_key_jwt' }, field: 'jwks' },
    { name: 'keys in two places', change: { ...signer, jwksUri: 'https://acme.example/jwks' }, field: 'jwksUri' },
    { name: 'keys without private_key_jwt', change: { jwks: { keys: [key] } }, field: 'jwks' },
    {
      name: 'keys in a private network',
      change: { ...signer, jwks: undefined, jwksUri: 'https://192.168.0.1/' },
      field: 'jwksUri',
    },
    { name: 'no key in the set', change: { ...signer, jwks: { keys: [] } }, field: 'jwks.keys' },
    { name: 'a private key', change: { ...signer, jwks: { keys: [{ ...key, d: 'x' }] } }, field: 'jwks.keys.0' },
    {
      name: 'a shared secret as a key',
      change: { ...signer, jwks: { keys: [{ kty: 'oct', k: 'x' }] } },
      field: 'jwks.keys.0',
    },
    {
      name: 'a point that is not on the curve',
      change: { ...signer, jwks: { keys: [{ ...key, x: key.y }] } },
      field: 'jwks.keys.0',
    },
    {
      name: 'a key for encryption',
      change: { ...signer, jwks: { keys: [{ ...key, use: 'enc' }] } },
      field: 'jwks.keys.0',
    },
    {
      name: 'a curve that is not known',
      change: { ...signer, jwks: { keys: [{ ...key, crv: 'secp256k1' }] } },
      field: 'jwks.keys.0',
    },
    {
      name: 'two keys of one kid',
      change: {
        ...signer,
        jwks: {
          keys: [
            { ...key, kid: 'a' },
            { ...key, kid: 'a' },
          ],
        },
      },
      field: 'jwks.keys',
    },
    { name: 'a picture that is a script', change: { logoUri: 'javascript:alert(1)' }, field: 'logoUri' },
  ])('is refused with $name', async ({ change, field }) => {
    const isWhole = 'grantTypes' in change && change.grantTypes === job.grantTypes;
    const isSigner = 'jwks' in change && 'name' in change;
    const body = isWhole || isSigner ? { ...change } : { ...partner, ...change };
    const answer = await call('POST', '', body);
    expect([answer.status, codeOf(answer)]).toEqual([422, 'SP_VALIDATION_FAILED']);
    expect(fieldsOf(answer)).toContain(field);
    expect(await operate<readonly unknown[]>(harness, 'oauth-clients/list', { limit: 10 })).toEqual([]);
  });

  it.each(['Acme Reports', 'ACME reports', ' Acme   Reports ', 'Ａｃｍｅ Reports'])(
    'is refused for a name that looks like that of another: %j',
    async (name) => {
      await register();
      const answer = await call('POST', '', { ...partner, name });
      expect([answer.status, codeOf(answer), fieldsOf(answer)]).toEqual([409, 'SP_CONFLICT', ['name']]);
    },
  );

  it('repeats no value in its refusal', async () => {
    const answer = await call('POST', '', { ...partner, redirectUris: ['http://sp_cs_looks-like-a-secret.example/'] });
    expect(answer.text).not.toContain('looks-like');
  });
});

describe(onDatabase('who manages clients'), () => {
  const attempts: readonly {
    readonly method: string;
    readonly path: (id: string) => string;
    readonly body?: object;
  }[] = [
    { method: 'POST', path: () => '', body: { ...partner, name: 'Another' } },
    { method: 'PATCH', path: (id) => `/${id}`, body: { redirectUris: ['https://evil.example/'] } },
    { method: 'POST', path: (id) => `/${id}/secret`, body: {} },
    { method: 'PUT', path: (id) => `/${id}/disabled` },
    { method: 'DELETE', path: (id) => `/${id}/disabled` },
    { method: 'DELETE', path: (id) => `/${id}` },
  ];
  const everyAttempt = async (id: string, caller: Caller): Promise<readonly (readonly [number, unknown])[]> => {
    const answers: (readonly [number, unknown])[] = [];
    for (const { method, path, body } of attempts) {
      const answer = await call(method, path(id), body, caller);
      answers.push([answer.status, codeOf(answer)]);
    }
    return answers;
  };
  const all = (status: number, code: string) => attempts.map(() => [status, code]);

  it('is no account that is not known', async () => {
    const { id } = clientOf(await register());
    expect(await everyAttempt(id, anonymous)).toEqual(all(401, 'SP_UNAUTHENTICATED'));
    expect((await call('GET', '', undefined, anonymous)).status).toBe(401);
  });

  it('is no person, whatever they hold', async () => {
    const { id } = clientOf(await register());
    await harness.makeUser('root@example.test', ['admin']);
    const { caller } = await harness.signIn('root@example.test');
    expect(await everyAttempt(id, caller)).toEqual(all(403, 'SP_FORBIDDEN'));
    expect((await call('GET', '', undefined, caller)).status).toBe(403);
  });

  it('is no service that may only look', async () => {
    const { id } = clientOf(await register());
    const { caller } = await makeService(harness, 'reader', ['reader']);
    expect(await everyAttempt(id, caller)).toEqual(all(403, 'SP_FORBIDDEN'));
    expect((await call('GET', '', undefined, caller)).status).toBe(200);
  });

  it('is no service without a permission for clients', async () => {
    const { caller } = await makeService(harness, 'other', ['user']);
    expect((await call('GET', '', undefined, caller)).status).toBe(403);
  });

  it('never gives a client more than they hold', async () => {
    const answer = await call('POST', '', { ...partner, scopes: [...partner.scopes, 'product:delete'] });
    expect([answer.status, codeOf(answer)]).toEqual([403, 'SP_AUTHORITY_EXCEEDED']);
    const { id } = clientOf(await register());
    const more = await call('PATCH', `/${id}`, { scopes: [...partner.scopes, 'user:manage'] });
    expect([more.status, codeOf(more)]).toEqual([403, 'SP_AUTHORITY_EXCEEDED']);
    const refused = (await harness.events()).filter(({ type }) => type === 'access.refused');
    expect(refused.map(({ target }) => target)).toEqual([null, id]);
  });

  it('never touches a client that has more than they hold', async () => {
    const { client } = await operate<{ client: { id: string } }>(harness, 'oauth-clients/create', {
      ...partner,
      scopes: [...partner.scopes, 'product:delete'],
    });
    const [, ...changes] = await everyAttempt(client.id, registrar);
    expect(changes).toEqual(all(403, 'SP_AUTHORITY_EXCEEDED').slice(1));
  });

  it('trusts a first-party client with a permission of its own alone', async () => {
    const own = { ...partner, name: 'Shell', trust: 'first-party' };
    const refused = await call('POST', '', own);
    expect([refused.status, codeOf(refused)]).toEqual([403, 'SP_AUTHORITY_EXCEEDED']);
    const { caller: trustee } = await makeService(harness, 'trustee', ['trustee']);
    const { id } = clientOf(await register(own, trustee));
    const [, ...changes] = await everyAttempt(id, registrar);
    expect(changes).toEqual(all(403, 'SP_AUTHORITY_EXCEEDED').slice(1));
    const third = clientOf(await register());
    const raised = await call('PATCH', `/${third.id}`, { trust: 'first-party' });
    expect([raised.status, codeOf(raised)]).toEqual([403, 'SP_AUTHORITY_EXCEEDED']);
    expect((await call('PATCH', `/${third.id}`, { trust: 'first-party' }, trustee)).status).toBe(200);
  });

  it('may do with a key what the key was given, and no more', async () => {
    const { caller } = await makeService(harness, 'narrow', ['admin'], ['oauth-client:manage']);
    const answer = await call('POST', '', partner, caller);
    expect([answer.status, codeOf(answer)]).toEqual([403, 'SP_AUTHORITY_EXCEEDED']);
    expect((await call('POST', '', { ...partner, scopes: ['openid', 'offline_access'] }, caller)).status).toBe(201);
  });

  it('may do nothing once its account may not, whatever the gateway remembers', async () => {
    const { id, caller } = await makeService(harness, 'gone', ['registrar']);
    await operate(harness, 'service-accounts/set-disabled', { id, isDisabled: true });
    const answer = await call('POST', '', partner, caller);
    expect([answer.status, codeOf(answer)]).toEqual([403, 'SP_FORBIDDEN']);
  });
});

describe(onDatabase('an id'), () => {
  it.each([
    'alice',
    'client_',
    'client_0000000000000000000',
    'client_ZZZZZZZZZZZZZZZZZZZZ',
    '__proto__',
    'client_00000000000000000000',
  ])('of no client is answered 404: %s', async (id) => {
    const answers = await Promise.all([
      call('GET', `/${id}`),
      call('PATCH', `/${id}`, { name: 'X' }),
      call('POST', `/${id}/secret`, {}),
      call('PUT', `/${id}/disabled`),
      call('DELETE', `/${id}`),
    ]);
    expect(answers.map((answer) => [answer.status, codeOf(answer)])).toEqual(answers.map(() => [404, 'SP_NOT_FOUND']));
  });
});
