import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { UpstreamHeaders } from './upstream-headers.ts';
import { writeResponseHeaders, type ResponseRules } from './upstream-response.ts';

const rules: ResponseRules = {
  locations: 'any',
  cache: 'no-store',
  isServed: (origin) => origin === 'https://shop.test',
  publicOrigin: 'https://app.test',
  upstreamOrigins: ['http://orders.internal:3001'],
  strippedPrefix: '',
  strictTransport: undefined,
  cors: new Set<string>(),
  resource: undefined,
  mayCarryIdentity: false,
  crossOrigin: undefined,
};

function write(
  headers: UpstreamHeaders,
  change: Partial<ResponseRules> = {},
  carriedIdentity = false,
): Readonly<Record<string, string>> {
  const list = writeResponseHeaders(headers, { ...rules, ...change }, 'a'.repeat(32), carriedIdentity);
  return Object.fromEntries(list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1] ?? '']] : [])));
}

describe('what an MCP server says of the authorization server', () => {
  const resource = {
    route: 'tools',
    resource: 'https://app.test/mcp',
    metadataPath: '/.well-known/oauth-protected-resource/mcp',
    metadataUrl: 'https://app.test/.well-known/oauth-protected-resource/mcp',
    scopes: [],
    firstScopes: [],
  };
  const ours = `resource_metadata="${resource.metadataUrl}"`;
  /** As the official client reads it: the first one, wherever it stands. */
  const found = (challenge: string) => /resource_metadata=(?:"([^"]+)"|([^\s,]+))/.exec(challenge)?.[0];

  it.each([
    'Bearer resource_metadata="https://evil.test/"',
    'Bearer resource_metadata=https://evil.test/, error="invalid_token"',
    'Bearer error="x", Resource_Metadata = "https://evil.test/"',
    'Bearer resource_metadata\t=\thttps://evil.test/',
    'Bearer resource_metadata="a\\", b=\\"https://evil.test/"',
    'Bearer resource_metadata="https://evil.test/',
    'Bearer resource_resource_metadata="x"metadata="https://evil.test/"',
    'Bearer resource_resource_resource_metadata="x"metadata="y"metadata="https://evil.test/"',
    'Bearer error_description="see resource_metadata=https://evil.test/"',
    'DPoP x_resource_metadata="https://evil.test/"',
    'Bearer',
  ])('is replaced by what the gateway says in %s', (said) => {
    const { 'www-authenticate': challenge = '' } = write({ 'www-authenticate': said }, { resource });
    expect(found(challenge)).toBe(ours);
    expect(challenge).not.toContain('evil.test');
  });

  it.each([
    'Basic realm="x", Bearer resource_metadata="https://evil.test/"',
    'Negotiate, Bearer resource_metadata="https://evil.test/"',
  ])('is taken out beside other schemes in %s', (said) => {
    const { 'www-authenticate': challenge = '' } = write({ 'www-authenticate': said }, { resource });
    expect(challenge).not.toMatch(/evil|resource_metadata/);
  });

  it('stays where the route is none', () => {
    const said = 'Bearer resource_metadata="https://other.test/"';
    expect(write({ 'www-authenticate': said })['www-authenticate']).toBe(said);
  });
});

describe('what an upstream says', () => {
  it.each([
    ['server', 'nginx'],
    ['x-powered-by', 'Express'],
    ['via', '1.1 orders.internal'],
    ['x-served-by', 'pod-7'],
    ['x-backend-server', '10.0.0.5'],
    ['x-envoy-upstream-service-time', '3'],
    ['x-sallyport-user', 'root'],
    ['x_sallyport_user', 'root'],
    ['x.middleware.rewrite', '/admin'],
    ['authorization', 'Bearer x'],
    ['proxy-authenticate', 'Basic'],
    ['set-cookie2', 'a=b'],
    ['strict-transport-security', 'max-age=0'],
    ['keep-alive', 'timeout=5'],
  ])('is not passed on in %s', (name, value) => {
    expect(write({ [name]: value })).not.toHaveProperty([name]);
  });

  it('is not passed on in what its Connection names', () => {
    const written = write({ connection: 'Set-Cookie, X-Foo', 'set-cookie': 'a=b', 'x-foo': '1', 'x-bar': '2' });
    expect(written).not.toHaveProperty('set-cookie');
    expect(written).not.toHaveProperty('x-foo');
    expect(written).toHaveProperty('x-bar', '2');
  });

  it.each([
    ['"cookies"', undefined],
    ['"*"', undefined],
    ['"cache", "cookies", "storage"', '"cache", "storage"'],
    ['"Cookies"', undefined],
    ['cookies', undefined],
    ['"cache"', '"cache"'],
  ])('clears no cookie of the gateway: %s', (value, kept) => {
    expect(write({ 'clear-site-data': value })['clear-site-data']).toBe(kept);
  });

  it.each([
    ['by its name', '__Host-sallyport=evil; Path=/'],
    ['behind spaces', '  __Host-sallyport=evil'],
    ['as a cookie without a name', '=__Host-sallyport=evil'],
    ['in another case', '__HOST-SALLYPORT=evil'],
  ])('sets no cookie of the gateway: %s', (_how, value) => {
    expect(write({ 'set-cookie': value })).not.toHaveProperty('set-cookie');
  });

  it('is kept by no cache when it was made for one person', () => {
    const written = write({ 'cache-control': 'public, max-age=60', vary: 'Accept' }, { mayCarryIdentity: true }, true);
    expect(written).toMatchObject({ 'cache-control': 'private, no-store', vary: 'Accept, Cookie' });
  });
});

describe('an event stream', () => {
  it.each(['text/event-stream', 'Text/Event-Stream; charset=utf-8'])('of type %s is held back by no nginx', (type) => {
    expect(write({ 'content-type': type })).toHaveProperty('x-accel-buffering', 'no');
  });

  it.each(['text/event-streams', 'application/json', 'text/plain; a=text/event-stream'])(
    'is none of type %s',
    (type) => {
      expect(write({ 'content-type': type })).not.toHaveProperty('x-accel-buffering');
    },
  );
});

describe('a word to caches', () => {
  const words = [
    'cache-control',
    'cdn-cache-control',
    'cloudflare-cdn-cache-control',
    'vercel-cdn-cache-control',
    'netlify-cdn-cache-control',
    'surrogate-control',
    'edge-control',
    'expires',
    'pragma',
  ];

  it('does not reach any cache with an answer for one person, whatever it is called', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.oneof(
            fc.constantFrom(...words),
            fc.stringMatching(/^[a-z]{1,9}$/).map((cdn) => `${cdn}-cache-control`),
          ),
          fc.constantFrom('public, max-age=60', 's-maxage=31536000', 'max-age=60, immutable', '!no-store'),
          { noNullPrototype: true },
        ),
        (headers) => {
          const written = write(headers, { mayCarryIdentity: true }, true);
          expect(written['cache-control']).toBe('private, no-store');
          expect(Object.keys(headers).filter((name) => name !== 'cache-control' && name in written)).toEqual([]);
        },
      ),
    );
  });

  it.each(words)('passes with an answer for everybody: %s', (name) => {
    expect(write({ [name]: 'public, max-age=60' })).toHaveProperty([name], 'public, max-age=60');
  });
});
