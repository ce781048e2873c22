import { describe, expect, it } from 'vitest';
import { readDocumentAddress, toClientHandle } from './document-address.ts';
import { parseClientDocument } from './parse-document.ts';

const address = new URL('https://agent.example/client.json');
const sound = {
  client_id: address.href,
  client_name: 'Robot',
  redirect_uris: ['https://agent.example/callback', 'http://127.0.0.1/callback', 'http://localhost:7777/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
  token_endpoint_auth_method: 'none',
};
const parse = (change: object) => parseClientDocument(JSON.stringify({ ...sound, ...change }), address);
const publicKey = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };

describe('a metadata document', () => {
  it('says what the client is, as far as it is believed', () => {
    expect(parse({ logo_uri: 'https://cdn.example/logo.png', contacts: ['a@b.c'], scope: 'everything' })).toEqual({
      kind: 'parsed',
      document: {
        claimedName: 'Robot',
        authentication: 'none',
        redirectUris: sound.redirect_uris,
        hasRefresh: true,
      },
    });
  });

  it('may name keys of the client, and a page of its own host', () => {
    const method = { token_endpoint_auth_method: 'private_key_jwt' };
    expect(parse({ ...method, jwks: { keys: [publicKey] }, client_uri: 'https://agent.example/' })).toMatchObject({
      kind: 'parsed',
      document: { authentication: 'private_key_jwt', homepage: 'https://agent.example/' },
    });
    expect(parse({ client_uri: 'https://bank.example/' })).not.toHaveProperty('document.homepage');
  });

  it('without a method of authentication is one of a public client', () => {
    expect(parse({ token_endpoint_auth_method: undefined })).toMatchObject({ document: { authentication: 'none' } });
  });

  it.each([
    { name: 'another client_id', change: { client_id: 'https://agent.example/other.json' } },
    { name: 'a client_id in another spelling', change: { client_id: 'https://AGENT.example/client.json' } },
    { name: 'no client_id', change: { client_id: undefined } },
    { name: 'a secret', change: { client_secret: 'x' } },
    { name: 'the end of a secret', change: { client_secret_expires_at: 0 } },
    { name: 'client_secret_basic', change: { token_endpoint_auth_method: 'client_secret_basic' } },
    { name: 'client_secret_jwt', change: { token_endpoint_auth_method: 'client_secret_jwt' } },
    { name: 'no redirect URI', change: { redirect_uris: [] } },
    { name: 'redirect URIs that are no list', change: { redirect_uris: 'https://agent.example/callback' } },
    { name: 'a redirect URI of another host', change: { redirect_uris: ['https://evil.example/callback'] } },
    { name: 'a redirect URI of a subdomain', change: { redirect_uris: ['https://x.agent.example/callback'] } },
    { name: 'a redirect URI of another port', change: { redirect_uris: ['https://agent.example:444/callback'] } },
    { name: 'a redirect URI in clear', change: { redirect_uris: ['http://agent.example/callback'] } },
    { name: 'a redirect URI of a scheme of its own', change: { redirect_uris: ['com.agent:/callback'] } },
    { name: 'a redirect URI that is a script', change: { redirect_uris: ['javascript:alert(1)'] } },
    { name: 'a pattern as a redirect URI', change: { redirect_uris: ['https://agent.example/*'] } },
    { name: 'more redirect URIs than are kept', change: { redirect_uris: Array(21).fill('http://localhost/') } },
    { name: 'keys without private_key_jwt', change: { jwks: { keys: [publicKey] } } },
    { name: 'private_key_jwt without keys', change: { token_endpoint_auth_method: 'private_key_jwt' } },
    {
      name: 'a private key',
      change: { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [{ ...publicKey, d: 'AA' }] } },
    },
    {
      name: 'a symmetric key',
      change: { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [{ kty: 'oct', k: 'AA' }] } },
    },
    {
      name: 'keys at another host',
      change: { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://evil.example/jwks.json' },
    },
    { name: 'no authorization code', change: { grant_types: ['client_credentials'] } },
    { name: 'another response type', change: { response_types: ['token'] } },
    { name: 'a name on two lines', change: { client_name: 'Robot\nof the bank' } },
    { name: 'a name of a thousand letters', change: { client_name: 'x'.repeat(1000) } },
  ])('with $name is refused, and the sentence holds no value of it', ({ change }) => {
    const parsed = parse(change);
    expect(parsed.kind).toBe('refused');
    expect(JSON.stringify(parsed)).not.toMatch(/evil|xxx/);
  });

  it.each(['', 'no JSON', '[]', 'null', '"x"', '{"client_id":'])('of %j is refused', (body) => {
    expect(parseClientDocument(body, address)).toMatchObject({ kind: 'refused' });
  });
});

describe('the address of a metadata document', () => {
  it('is an https URL with a path, and stands in our addresses as a digest', () => {
    expect(readDocumentAddress(address.href)?.host).toBe('agent.example');
    expect(toClientHandle(address.href)).toMatch(/^document_[\w-]{43}$/);
    expect(toClientHandle('client_0123')).toBe('client_0123');
  });

  it.each([
    'http://agent.example/client.json',
    'https://agent.example',
    'https://agent.example/',
    'https://agent.example/client.json?x=1',
    'https://agent.example/client.json?',
    'https://agent.example/client.json#x',
    'https://agent.example/client.json#',
    'https://user@agent.example/client.json',
    'https://agent.example@evil.example/client.json#',
    'https://AGENT.example/client.json',
    'https://agent.example:443/client.json',
    'https://agent.example/a/../client.json',
    'https://agent.example/a/%2e%2e/client.json',
    'https:\\\\agent.example/client.json',
    ' https://agent.example/client.json',
    `https://agent.example/${'a'.repeat(500)}`,
    'client_01234567890123456789',
    '',
  ])('is not %j', (text) => {
    expect(readDocumentAddress(text)).toBeUndefined();
  });
});
