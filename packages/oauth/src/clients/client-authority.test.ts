import { anonymous, type Caller } from '@sallyport/core';
import { onDatabase } from '@sallyport/identity/test-support/harness';
import { describe, expect, it } from 'vitest';
import { makeService, operate, partner } from '../oauth.test-support.ts';
import { clientOf, codeOf, useClientDesk } from './client-desk.test-support.ts';

const desk = useClientDesk();
const { call, register } = desk;

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
    await desk.harness.makeUser('root@example.test', ['admin']);
    const { caller } = await desk.harness.signIn('root@example.test');
    expect(await everyAttempt(id, caller)).toEqual(all(403, 'SP_FORBIDDEN'));
    expect((await call('GET', '', undefined, caller)).status).toBe(403);
  });

  it('is no service that may only look', async () => {
    const { id } = clientOf(await register());
    const { caller } = await makeService(desk.harness, 'reader', ['reader']);
    expect(await everyAttempt(id, caller)).toEqual(all(403, 'SP_FORBIDDEN'));
    expect((await call('GET', '', undefined, caller)).status).toBe(200);
  });

  it('is no service without a permission for clients', async () => {
    const { caller } = await makeService(desk.harness, 'other', ['user']);
    expect((await call('GET', '', undefined, caller)).status).toBe(403);
  });

  it('never gives a client more than they hold', async () => {
    const answer = await call('POST', '', { ...partner, scopes: [...partner.scopes, 'product:delete'] });
    expect([answer.status, codeOf(answer)]).toEqual([403, 'SP_AUTHORITY_EXCEEDED']);
    const { id } = clientOf(await register());
    const more = await call('PATCH', `/${id}`, { scopes: [...partner.scopes, 'user:manage'] });
    expect([more.status, codeOf(more)]).toEqual([403, 'SP_AUTHORITY_EXCEEDED']);
    const refused = (await desk.harness.events()).filter(({ type }) => type === 'access.refused');
    expect(refused.map(({ target }) => target)).toEqual([null, id]);
  });

  it('never touches a client that has more than they hold', async () => {
    const { client } = await operate<{ client: { id: string } }>(desk.harness, 'oauth-clients/create', {
      ...partner,
      scopes: [...partner.scopes, 'product:delete'],
    });
    const [, ...changes] = await everyAttempt(client.id, desk.registrar);
    expect(changes).toEqual(all(403, 'SP_AUTHORITY_EXCEEDED').slice(1));
  });

  it('trusts a first-party client with a permission of its own alone', async () => {
    const own = { ...partner, name: 'Shell', trust: 'first-party' };
    const refused = await call('POST', '', own);
    expect([refused.status, codeOf(refused)]).toEqual([403, 'SP_AUTHORITY_EXCEEDED']);
    const { caller: trustee } = await makeService(desk.harness, 'trustee', ['trustee']);
    const { id } = clientOf(await register(own, trustee));
    const [, ...changes] = await everyAttempt(id, desk.registrar);
    expect(changes).toEqual(all(403, 'SP_AUTHORITY_EXCEEDED').slice(1));
    const third = clientOf(await register());
    const raised = await call('PATCH', `/${third.id}`, { trust: 'first-party' });
    expect([raised.status, codeOf(raised)]).toEqual([403, 'SP_AUTHORITY_EXCEEDED']);
    expect((await call('PATCH', `/${third.id}`, { trust: 'first-party' }, trustee)).status).toBe(200);
  });

  it('may do with a key what the key was given, and no more', async () => {
    const { caller } = await makeService(desk.harness, 'narrow', ['admin'], ['oauth-client:manage']);
    const answer = await call('POST', '', partner, caller);
    expect([answer.status, codeOf(answer)]).toEqual([403, 'SP_AUTHORITY_EXCEEDED']);
    expect((await call('POST', '', { ...partner, scopes: ['openid', 'offline_access'] }, caller)).status).toBe(201);
  });

  it('may do nothing once its account may not, whatever the gateway remembers', async () => {
    const { id, caller } = await makeService(desk.harness, 'gone', ['registrar']);
    await operate(desk.harness, 'service-accounts/set-disabled', { id, isDisabled: true });
    const answer = await call('POST', '', partner, caller);
    expect([answer.status, codeOf(answer)]).toEqual([403, 'SP_FORBIDDEN']);
  });
});
