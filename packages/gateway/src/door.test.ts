import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cookie, startTestDoor, type TestDoor } from './test-support/test-door.ts';

let door: TestDoor;
beforeAll(async () => {
  door = await startTestDoor();
});
afterAll(() => door.close());
beforeEach(() => door.upstream.reset());

describe('a signed-in request', () => {
  it('reaches the upstream with a token for its audience instead of the cookie', async () => {
    const token = door.sessions.add();
    const answer = await door.send('GET', '/api/products?page=2', { Cookie: `a=1; __Host-sallyport=${token}; b=2` });
    expect(answer.status).toBe(200);
    const [seen] = door.upstream.seen;
    expect(seen).toMatchObject({ method: 'GET', target: '/api/products?page=2' });
    expect(seen?.headers['cookie']).toBe('a=1; b=2');
    expect(claimsOf(seen?.headers['authorization'])).toMatchObject({
      iss: 'https://app.test/internal',
      aud: 'api',
      sub: 'alice',
      scope: 'product:read',
      sid: door.sessions.sidOf(token),
    });
    expect(answer.headers['cache-control']).toBe('private, no-store');
    expect(answer.head + answer.body.replaceAll(/Bearer [^"]*/g, '')).not.toContain(token);
  });

  it('carries the profile only where the route asks for it', async () => {
    const token = door.sessions.add();
    await door.send('GET', '/page', cookie(token));
    await door.send('GET', '/api/x', cookie(token));
    const [page, api] = door.upstream.seen.map((seen) => claimsOf(seen.headers['authorization']));
    expect(page).toMatchObject({ name: 'Alice Example', email: 'alice@example.test' });
    expect(api).not.toHaveProperty('email');
  });
});

function claimsOf(authorization: string | string[] | undefined): unknown {
  const payload = String(authorization).split('.')[1] ?? '';
  return JSON.parse(Buffer.from(payload, 'base64url').toString());
}
