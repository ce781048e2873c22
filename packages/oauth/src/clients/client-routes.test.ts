import { onDatabase } from '@sallyport/identity/test-support/harness';
import { describe, expect, it } from 'vitest';
import { partner } from '../oauth.test-support.ts';
import { app, clientOf, codeOf, job, secretForm, secretOf, signer, useClientDesk } from './client-desk.test-support.ts';
import type { ClientsAnswer } from './client-routes.ts';

const desk = useClientDesk();
const { call, register, eventsOf } = desk;

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
    expect(await desk.harness.dump()).not.toContain(secret.slice(10));
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
    expect(desk.harness.heard).toContainEqual({
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
    const until = new Date(desk.harness.now().getTime() + 60_000).toISOString();
    expect([rotated.status, clientOf(rotated).secret?.previousUntil]).toEqual([200, until]);
    expect(secretOf(rotated)).not.toBe(secretOf(answer));
    expect((await call('POST', `/${id}/secret`, { overlapSeconds: 60 })).status).toBe(409);
    desk.harness.advance(61);
    expect(clientOf(await call('GET', `/${id}`)).secret?.previousUntil).toBeNull();
    expect((await call('POST', `/${id}/secret`, { overlapSeconds: 0 })).status).toBe(200);
  });

  it('is disabled and enabled again, and every gateway hears of both', async () => {
    const { id } = clientOf(await register());
    expect(clientOf(await call('PUT', `/${id}/disabled`)).disabledAt).toBe(desk.harness.now().toISOString());
    expect((await call('PUT', `/${id}/disabled`)).status).toBe(200);
    expect(clientOf(await call('DELETE', `/${id}/disabled`)).disabledAt).toBeNull();
    expect(await eventsOf(id)).toEqual(['oauth-client.created', 'oauth-client.disabled', 'oauth-client.enabled']);
    const heard = desk.harness.heard.flatMap((message) => (message.kind === 'revocation' ? [message.event] : []));
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
    const before = desk.harness.heard.length;
    expect((await call('DELETE', `/${id}`)).status).toBe(404);
    expect(desk.harness.heard.length).toBe(before + 1);
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
