import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startShellSystem, stores, type ShellSystem } from './shell-system.test-support.ts';

describe.each(stores)('a shell with %s', (store) => {
  let system: ShellSystem;
  beforeAll(async () => {
    system = await startShellSystem({ store });
  });
  afterAll(() => system.close());

  const url = (path: string): string => `${system.shellUrl}${path}`;
  const bearerSeen = async (answer: Response): Promise<string | null> =>
    ((await answer.json()) as { readonly authorization: string | null }).authorization;

  it('signs in by the provider, and calls the gateway with a token that is made for it', async () => {
    const visitor = await system.signIn();
    const token = await bearerSeen(await visitor.call(url('/api/shop/products')));
    const [header, payload] = (token ?? '')
      .slice('Bearer '.length)
      .split('.')
      .slice(0, 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>);

    expect(header).toMatchObject({ typ: 'at+jwt', alg: 'ES256' });
    expect(payload).toMatchObject({ iss: system.issuer.url, aud: system.issuer.url, sub: 'alice' });
    const session = await visitor.call(url('/api/auth/session'));
    expect(await session.json()).toMatchObject({
      user: { id: 'alice', name: 'alice of the tests', email: 'alice@example.com' },
    });
  });

  it('shows a browser no token: neither in an answer nor in a cookie that it could read', async () => {
    const visitor = await system.signIn();
    const token = (await bearerSeen(await visitor.call(url('/api/shop/products')))) ?? '';
    const [, payload = ''] = token.split('.');
    const session = await visitor.call(url('/api/auth/session'));
    const lines = session.headers.getSetCookie().filter((line) => line.startsWith('sallyport-shell'));
    const texts = [await session.text(), await (await visitor.call(url('/auth/session'))).text()];

    for (const text of [...texts, visitor.cookies(system.shellUrl)]) expect(text).not.toContain(payload);
    for (const line of lines) expect(line).toMatch(/; HttpOnly.*; SameSite=Lax/i);
  });

  it('sends no cookie to the gateway and none of the gateway to a browser', async () => {
    const visitor = await system.signIn();
    const answer = await visitor.call(url('/api/shop/products'), { headers: { 'x-api-key': 'sp_key_mine' } });
    const headers = system.gateway.seen.at(-1)?.headers;

    expect([headers?.['cookie'], headers?.['x-api-key']]).toEqual([undefined, undefined]);
    expect(headers?.['authorization']).toMatch(/^Bearer /);
    expect(answer.headers.getSetCookie().filter((line) => line.startsWith('sallyport='))).toEqual([]);
  });

  it.each(['//evil.example', '/\\evil.example', 'https://evil.example/', '/auth/sign-in', 'javascript:alert(1)'])(
    'comes back to its home page when it is to return to %s',
    async (returnTo) => {
      const visitor = system.openVisitor();
      const { url: end } = await visitor.visit(url(`/auth/sign-in?returnTo=${encodeURIComponent(returnTo)}`));
      expect(end).toBe(url('/'));
    },
  );

  it('refuses the answer of a sign-in that another browser began', async () => {
    const attacker = system.openVisitor();
    const begun = await attacker.call(url('/auth/sign-in'));
    let location = begun.headers.get('location') ?? '';
    while (!location.startsWith(url('/api/auth/callback'))) {
      const answer = await attacker.call(location);
      location = new URL(answer.headers.get('location') ?? '', location).href;
    }
    const victim = system.openVisitor();
    const { url: end } = await victim.visit(location);

    expect(end).toContain('/sign-in-failed?error=OAuthCallback');
    expect(await bearerSeen(await victim.call(url('/api/shop/products')))).toBe(null);
  });

  it('begins no new sign-in by itself when one failed', async () => {
    const { way, url: end } = await system.openVisitor().visit(url('/auth/sign-in?error=OAuthCallback'));
    expect([way.length, end]).toEqual([2, url('/sign-in-failed?error=OAuthCallback')]);
  });

  it('signs out at the provider as well, when a zone signs out by its script', async () => {
    const visitor = await system.signIn();
    const answer = await visitor.call(url('/auth/sign-out'), { method: 'POST' });
    expect(answer.status).toBe(204);
    const { way, text } = await visitor.visit(url('/auth/signed-out?reason=signed-out'));
    const provider = new URL(way.at(-1) ?? '');

    expect(provider.origin).toBe(system.issuer.url);
    expect(provider.searchParams.get('post_logout_redirect_uri')).toBe(url('/auth/signed-out/return'));
    const confirmed = await confirmAtProvider(visitor, text, provider.href);
    expect(confirmed).toContain(url('/signed-out'));
    expect(await bearerSeen(await visitor.call(url('/api/shop/products')))).toBe(null);
    const again = await visitor.visit(url('/auth/sign-in?returnTo=/account'));
    expect(again.way.some((step) => step.includes('/interaction/'))).toBe(true);
  });

  it('signs out at the provider as well, by the form of next-auth', async () => {
    const visitor = await system.signIn();
    const { csrfToken } = (await (await visitor.call(url('/api/auth/csrf'))).json()) as { readonly csrfToken: string };
    const form = new URLSearchParams({ csrfToken, callbackUrl: url('/') }).toString();
    const { way } = await visitor.visit(url('/api/auth/signout'), {
      method: 'POST',
      body: form,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });

    expect(way[1]).toBe(url('/auth/signed-out'));
    expect(new URL(way.at(-1) ?? '').origin).toBe(system.issuer.url);
    expect(await bearerSeen(await visitor.call(url('/api/shop/products')))).toBe(null);
  });

  it('stays signed out when a request that was under way writes its cookie once more', async () => {
    const visitor = await system.signIn();
    const cookie = visitor.cookies(system.shellUrl);
    await visitor.call(url('/auth/sign-out'), { method: 'POST' });

    const late = await fetch(url('/api/auth/session'), { headers: { cookie } });
    expect(await late.json()).toEqual({});
    const forwarded = await fetch(url('/api/shop/products'), { headers: { cookie } });
    expect(await bearerSeen(forwarded)).toBe(null);
  });

  it('ends when the provider says so (back-channel logout)', async () => {
    const visitor = await system.signIn();
    await system.issuer.signOutEverybody();

    expect(await (await visitor.call(url('/api/auth/session'))).json()).toEqual({});
    expect(await (await visitor.call(url('/auth/session'))).json()).toEqual({ status: 'signed-out' });
    expect(await bearerSeen(await visitor.call(url('/api/shop/products')))).toBe(null);
    const again = await visitor.visit(url('/auth/sign-in?returnTo=/account'));
    expect(again.url).toBe(url('/account'));
  });

  it('takes over nothing that a client posts as an update of its session', async () => {
    const visitor = await system.signIn();
    const { csrfToken } = (await (await visitor.call(url('/api/auth/csrf'))).json()) as { readonly csrfToken: string };
    await visitor.call(url('/api/auth/session'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ csrfToken, data: { sub: 'mallory', name: 'Mallory', sallyport: { handle: 'x' } } }),
    });
    expect(await (await visitor.call(url('/api/auth/session'))).json()).toMatchObject({ user: { id: 'alice' } });
  });

  it('lets no client write into its log', async () => {
    const { status } = await system.openVisitor().call(url('/api/auth/_log'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code: 'written-by-a-stranger', level: 'error' }),
    });
    expect(status).toBe(404);
    expect(system.shells[0]?.log()).not.toContain('written-by-a-stranger');
  });

  it.each([
    { name: 'another site', site: 'cross-site', origin: 'https://evil.example' },
    { name: 'a sibling of its site', site: 'same-site', origin: 'https://sibling.example' },
    { name: 'nothing that says where it comes from', site: undefined, origin: undefined },
  ])('refuses a change that $name makes a browser send', async ({ site, origin }) => {
    const visitor = await system.signIn();
    const headers = {
      cookie: visitor.cookies(system.shellUrl),
      ...(site === undefined ? {} : { 'sec-fetch-site': site }),
      ...(origin === undefined ? {} : { origin }),
    };
    const before = system.gateway.seen.length;
    for (const path of ['/api/shop/products', '/auth/sign-out'])
      expect((await fetch(url(path), { method: 'POST', headers })).status).toBe(403);
    expect(system.gateway.seen.length).toBe(before);
    expect(await bearerSeen(await visitor.call(url('/api/shop/products')))).toMatch(/^Bearer /);
  });

  it('writes no token, cookie or address of a person into its log', () => {
    const log = system.shells.map((shell) => shell.log()).join('\n');
    expect(log).not.toMatch(/eyJ|alice@example\.com|sallyport-shell-\d+=/);
  });
});

async function confirmAtProvider(
  visitor: Awaited<ReturnType<ShellSystem['signIn']>>,
  page: string,
  address: string,
): Promise<string> {
  const [, action = ''] = /action="([^"]+)"/.exec(page) ?? [];
  const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(page) ?? [];
  const { way } = await visitor.visit(new URL(action, address).href, {
    method: 'POST',
    body: new URLSearchParams({ xsrf, logout: 'yes' }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  return way.join(' ');
}

describe('a shell that is not configured', () => {
  it.each([
    { name: 'without the address of next-auth', variables: { NEXTAUTH_URL: '' }, problem: 'NEXTAUTH_URL' },
    { name: 'with a weak secret', variables: { NEXTAUTH_SECRET: 'change-me' }, problem: 'secrets[0]' },
    { name: 'without a client secret', variables: { SHELL_CLIENT_SECRET: '' }, problem: 'clientSecret' },
    { name: 'that forwards everything', variables: { SHELL_FORWARD: '/' }, problem: 'forward' },
    {
      name: 'with an issuer on plain http',
      variables: { SALLYPORT_ISSUER: 'http://id.example.com' },
      problem: 'issuer',
    },
  ])('refuses every request $name, and says why in its log alone', async ({ variables, problem }) => {
    const system = await startShellSystem({ store: 'vault on SQLite', environment: variables });
    try {
      const shell = system.shells[0];
      for (const path of ['/api/auth/session', '/auth/session', '/account', '/auth/sign-in']) {
        const answer = await fetch(`${shell?.address}${path}`);
        expect(answer.status).toBe(500);
        expect(await answer.text()).not.toContain(problem);
      }
      expect(shell?.log()).toContain(problem);
      expect(system.gateway.seen).toEqual([]);
    } finally {
      await system.close();
    }
  });
});
