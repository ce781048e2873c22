import { describe, expect, it } from 'vitest';
import { problemOfRedirectUri, problemOfResource, problemOfWebUri } from './client-uris.ts';

describe('a redirect URI', () => {
  it.each([
    'https://app.example.com/callback',
    'https://app.example.com/callback?tenant=1',
    'https://app.example.com:8443/',
    'http://127.0.0.1/callback',
    'http://localhost:5173/api/auth/callback/sallyport',
    'http://[::1]:8080/',
    'com.example.app:/oauth/callback',
    'com.example.app://callback',
  ])('may be %s', (uri) => {
    expect(problemOfRedirectUri(uri)).toBeUndefined();
  });

  it.each([
    ['plain http on the internet', 'http://app.example.com/callback'],
    ['plain http on a private network', 'http://10.0.0.4/callback'],
    ['a host that only looks like loopback', 'http://localhost.example.com/'],
    ['a host that begins like loopback', 'http://127.0.0.1.example.com/'],
    ['a fragment', 'https://app.example.com/callback#top'],
    ['an empty fragment', 'https://app.example.com/callback#'],
    ['a wildcard in the host', 'https://*.example.com/callback'],
    ['a wildcard in the path', 'https://app.example.com/*'],
    ['a user name', 'https://app.example.com@evil.example/'],
    ['a password', 'https://a:b@app.example.com/'],
    ['no path', 'https://app.example.com'],
    ['a host in capitals', 'https://APP.example.com/callback'],
    ['the default port', 'https://app.example.com:443/callback'],
    ['a path that climbs', 'https://app.example.com/a/../callback'],
    ['a path that climbs in encoding', 'https://app.example.com/a/%2e%2e/callback'],
    ['a backslash', 'https://app.example.com\\callback'],
    ['a blank in front', ' https://app.example.com/callback'],
    ['a line end', 'https://app.example.com/call\nback'],
    ['letters that need encoding', 'https://app.example.com/zurück'],
    ['a script', 'javascript:alert(1)'],
    ['data', 'data:text/html,<script>alert(1)</script>'],
    ['a file', 'file:///etc/passwd'],
    ['a web socket', 'wss://app.example.com/'],
    ['a scheme without a dot', 'myapp:/callback'],
    ['a relative address', '/callback'],
    ['nothing', ''],
    ['an address as a number', 'http://2130706433/'],
  ])('is never %s', (_name, uri) => {
    expect(problemOfRedirectUri(uri)).toMatch(/^must /);
  });
});

describe('an address that this server calls, or browsers are shown', () => {
  it.each(['https://rp.example.com/logout', 'http://localhost:3005/logout', 'https://rp.example.com/logout?tenant=1'])(
    'may be %s',
    (uri) => {
      expect(problemOfWebUri(uri)).toBeUndefined();
    },
  );
  it.each([
    'com.example.app:/logout',
    'http://rp.example.com/logout',
    'https://rp.example.com/logout#x',
    'ftp://rp.example.com/',
  ])('is never %s', (uri) => {
    expect(problemOfWebUri(uri)).toMatch(/^must /);
  });
});

describe('a resource', () => {
  it.each(['https://api.example.com', 'https://api.example.com/v1/', 'urn:example:api'])('may be %s', (uri) => {
    expect(problemOfResource(uri)).toBeUndefined();
  });
  it.each([
    'api',
    '/api',
    'https://api.example.com/#x',
    'https://*.example.com',
    'https://api.example.com/a b',
    'https://äpi.example',
  ])('is never %s', (uri) => {
    expect(problemOfResource(uri)).toMatch(/^must /);
  });
});
