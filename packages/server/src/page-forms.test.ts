import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send, startTestGateway, type TestGateway } from './test-support/test-gateway.ts';
import { testAccounts } from './test-support/test-preset.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

const user = testAccounts[0] ?? { email: '', password: '' };

const form = (values: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) => {
  const body = new URLSearchParams(values).toString();
  return send(
    `${gateway.origin}/auth/sign-in`,
    'POST',
    {
      origin: gateway.origin,
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': String(Buffer.byteLength(body)),
      ...headers,
    },
    body,
  );
};

describe('a form of the built-in pages', () => {
  const credentials = { email: user.email, password: user.password };

  it.each([
    { name: 'from another site', headers: { 'sec-fetch-site': 'cross-site', origin: 'https://evil.test' } },
    { name: 'from a sibling site', headers: { 'sec-fetch-site': 'same-site', origin: 'https://sibling.test' } },
    {
      name: 'from another origin, without Fetch Metadata',
      headers: { 'sec-fetch-site': '', origin: 'https://evil.test' },
    },
    { name: 'from a sandbox', headers: { 'sec-fetch-site': 'cross-site', origin: 'null' } },
  ])('is refused $name', async ({ headers }) => {
    const answer = await form(credentials, headers);
    expect(answer.status).toBe(403);
    expect(answer.headers).not.toHaveProperty('set-cookie');
  });

  it('is refused when it does not say where it comes from, with the reason in the log', async () => {
    const body = new URLSearchParams(credentials).toString();
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await send(`${gateway.origin}/auth/sign-in`, 'POST', type, body);
    expect(answer.status).toBe(403);
    expect(answer.headers).not.toHaveProperty('set-cookie');
    expect(gateway.lines.map(({ fields }) => fields)).toContainEqual(
      expect.objectContaining({ event: 'request', code: 'SP_CROSS_SITE_REQUEST', reason: 'source-unknown' }),
    );
  });

  it.each([{ 'sec-fetch-site': 'same-origin' }, { origin: true }])(
    'is taken when it says so by %o alone',
    async (said) => {
      const body = new URLSearchParams(credentials).toString();
      const source = 'origin' in said ? { origin: gateway.origin } : said;
      const type = { 'content-type': 'application/x-www-form-urlencoded' };
      const answer = await send(`${gateway.origin}/auth/sign-in`, 'POST', { ...type, ...source }, body);
      expect(answer.status).toBe(303);
    },
  );

  it.each([
    { name: 'JSON', type: 'application/json', body: JSON.stringify(credentials), status: 415 },
    { name: 'a form with files', type: 'multipart/form-data; boundary=x', body: '--x--', status: 415 },
    { name: 'plain text', type: 'text/plain', body: 'email=a', status: 415 },
    { name: 'a field twice', type: 'application/x-www-form-urlencoded', body: 'email=a&email=b', status: 400 },
    {
      name: 'more than 16 KiB',
      type: 'application/x-www-form-urlencoded',
      body: `email=${'a'.repeat(17_000)}`,
      status: 413,
    },
  ])('is refused as $name', async ({ type, body, status }) => {
    const answer = await send(
      `${gateway.origin}/auth/sign-in`,
      'POST',
      { origin: gateway.origin, 'content-type': type, 'content-length': String(Buffer.byteLength(body)) },
      body,
    );
    expect(answer.status).toBe(status);
    expect(answer.headers).not.toHaveProperty('set-cookie');
  });

  it('is refused with a parameter of the address twice, and by other methods', async () => {
    expect((await gateway.get('/auth/sign-in?returnTo=/a&returnTo=/b')).status).toBe(400);
    const put = await send(`${gateway.origin}/auth/sign-in`, 'PUT', { 'content-length': '0' });
    expect(put).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD, POST' } });
    const post = await send(`${gateway.origin}/auth/error`, 'POST', { 'content-length': '0' });
    expect(post).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  });

  it('tells the script where to go instead of sending it there', async () => {
    const answer = await form({ ...credentials, returnTo: '/api/shop' }, { 'sallyport-form': 'fetch' });
    expect(answer).toMatchObject({
      status: 204,
      headers: { 'sallyport-location': '/api/shop', 'sallyport-news': 'signed-in' },
    });
    expect(answer.headers).not.toHaveProperty('location');
  });

  it('leaves the reason of a refusal in the log, as the JSON of identity does', async () => {
    await form({ ...credentials, password: 'wrong' });
    expect(gateway.lines.map(({ fields }) => fields)).toContainEqual(
      expect.objectContaining({ event: 'request', route: 'auth', status: 401, code: 'SP_CREDENTIALS_INVALID' }),
    );
  });

  it('offers the owner a way in by mail when others used up the tries, under the refusal', async () => {
    const { email } = testAccounts[1] ?? { email: '' };
    const guess = () => form({ email, password: 'wrong', returnTo: '/api/shop' });
    for (let count = 0; count < 20; count += 1) expect((await guess()).status).toBe(401);
    const { status, body } = await guess();
    expect(status).toBe(429);
    const [offer = ''] = /<form[^>]*action="\/auth\/forgot".*?<\/form>/s.exec(body) ?? [];
    expect(offer).toContain('Email me a link');
    expect(offer).toContain(`value="${email}"`);
    expect(offer).toContain('value="/api/shop"');
    expect((await form({ email: 'unknown@example.test', password: 'wrong' })).body).not.toContain('Email me a link');
  });
});
