import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send, startTestGateway, type PlainAnswer, type TestGateway } from '../test-support/test-gateway.ts';
import { testAccounts } from '../test-support/test-preset.ts';
import { readOperatorAccess } from './operator-access.ts';

const json = { 'content-type': 'application/json' };

describe('what operators do at the admin listener', () => {
  let test: TestGateway;
  beforeAll(async () => {
    test = await startTestGateway();
  });
  afterAll(() => test.close());
  const noteOf = (): { readonly url: string; readonly key: string } =>
    JSON.parse(readFileSync(join(test.dataDir, 'operator-access'), 'utf8')) as { url: string; key: string };
  const order = (path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<PlainAnswer> =>
    send(
      `${noteOf().url}/operations${path}`,
      'POST',
      { ...json, authorization: `Bearer ${noteOf().key}`, ...headers },
      typeof body === 'string' ? body : JSON.stringify(body),
    );
  const find = { operator: 'ada', input: { email: 'none@example.test' } };

  it('is done with the key that stands in the data folder, for its owner alone', async () => {
    expect(statSync(join(test.dataDir, 'operator-access')).mode & 0o077).toBe(0);
    expect(readOperatorAccess(test.dataDir)).toEqual(noteOf());
    expect(await order('/accounts/find', find)).toMatchObject({ status: 200, body: '{"result":null}' });
  });

  it.each([
    { name: 'nothing', authorization: '' },
    { name: 'another key', authorization: `Bearer ${'x'.repeat(43)}` },
    { name: 'another scheme', authorization: 'Basic eA==' },
  ])('is refused to a caller of this machine who presents $name', async ({ authorization }) => {
    const answer = await order('/accounts/find', find, { authorization });
    expect(answer).toMatchObject({ status: 401 });
    expect((await send(`${test.adminOrigin}/operations`, 'GET', { authorization })).status).toBe(401);
    expect(answer.body).not.toContain(noteOf().key);
  });

  it.each([
    { name: 'a page', headers: { origin: 'https://evil.example' }, status: 403 },
    { name: 'an image of a page', headers: { 'sec-fetch-site': 'same-origin' }, status: 403 },
    { name: 'a name of another owner that points here', headers: { host: 'evil.example' }, status: 421 },
    { name: 'a form', headers: { 'content-type': 'text/plain' }, status: 415 },
  ])('is refused to $name that has the key', async ({ headers, status }) => {
    expect(await order('/accounts/find', find, headers)).toMatchObject({ status });
  });

  it.each([
    { name: 'an operation that there is not', path: '/accounts/erase', body: find, status: 404 },
    { name: 'a member of every object', path: '/constructor/toString', body: find, status: 404 },
    { name: 'half an order', path: '/accounts/find', body: '{', status: 400 },
    { name: 'an order of no operator', path: '/accounts/find', body: { input: {} }, status: 422 },
    {
      name: 'an operator whose name would be two lines',
      path: '/accounts/find',
      body: { ...find, operator: 'a\nb' },
      status: 422,
    },
    { name: 'an input with more in it', path: '/accounts/find', body: { ...find, input: { x: 1 } }, status: 422 },
    {
      name: 'an unknown role',
      path: '/accounts/set-roles',
      body: { operator: 'ada', input: { userId: 'none', roles: ['king'] } },
      status: 422,
    },
    {
      name: 'a hash that no one can sign in with',
      path: '/accounts/import',
      body: {
        operator: 'ada',
        input: { users: [{ email: 'a@b.test', name: 'A', roles: [], emailVerified: true, passwordHash: 'canary' }] },
      },
      status: 422,
    },
    { name: 'a flood', path: '/accounts/find', body: 'x'.repeat(5_000_000), status: 413 },
  ])('refuses $name, and shows nothing of it', async ({ path, body, status }) => {
    const answer = await order(path, body);
    expect(answer.status).toBe(status);
    expect(answer.body).not.toContain('canary');
  });

  it('is written down with the name of the operator and where the order came from', async () => {
    const answer = await order('/accounts/find', { operator: 'ada', input: { email: testAccounts[0]?.email ?? '' } });
    const { id } = (JSON.parse(answer.body) as { readonly result: { readonly id: string } }).result;
    expect(
      (await order('/accounts/set-banned', { operator: 'ada', input: { userId: id, isBanned: true } })).status,
    ).toBe(200);
    const database = new DatabaseSync(join(test.dataDir, 'sallyport.db'), { readOnly: true });
    const events = database.prepare('SELECT * FROM "sallyportEvent"').all();
    database.close();
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'account.banned', actor: 'operator:ada', target: id, address: '127.0.0.1' }),
    );
  });

  it('is not noted any more once the gateway has closed', async () => {
    const other = await startTestGateway();
    const note = join(other.dataDir, 'operator-access');
    expect(existsSync(note)).toBe(true);
    await other.gateway.close();
    expect(existsSync(note)).toBe(false);
    await other.close();
  });
});
