import { recordModels } from '@sallyport/core';
import { onDatabase } from '@sallyport/identity/test-support/harness';
import { describe, expect, it } from 'vitest';
import { operate, partner } from '../oauth.test-support.ts';
import { tokenExchangeGrant } from './oauth-client.ts';
import { clientOf, codeOf, fieldsOf, job, key, signer, useClientDesk } from './client-desk.test-support.ts';

const desk = useClientDesk();
const { call, register } = desk;

describe(onDatabase('a registration'), () => {
  it.each([
    { name: 'an unknown field', change: { secret: 'x' }, field: 'secret' },
    { name: 'an id of its own', change: { id: 'client_00000000000000000000' }, field: 'id' },
    { name: 'no name', change: { name: undefined }, field: 'name' },
    { name: 'a name that turns the direction of text', change: { name: 'Acme\u202e' }, field: 'name' },
    { name: 'a name with a line end', change: { name: 'Acme\nBank' }, field: 'name' },
    { name: 'an unknown trust', change: { trust: 'second-party' }, field: 'trust' },
    { name: 'an unknown kind', change: { kind: 'robot' }, field: 'kind' },
    { name: 'an agent of the product itself', change: { kind: 'agent', trust: 'first-party' }, field: 'kind' },
    {
      name: 'a token exchange of a public client',
      change: {
        authentication: 'none',
        grantTypes: [...partner.grantTypes, 'token_exchange'],
      },
      field: 'grantTypes',
    },
    {
      name: 'a grant type by both of its names',
      change: { grantTypes: [...partner.grantTypes, 'token_exchange', tokenExchangeGrant] },
      field: 'grantTypes',
    },
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
    {
      name: 'a certificate where no listener takes one',
      change: { authentication: 'tls_client_auth', certificateName: 'dns:acme.example' },
      field: 'authentication',
    },
    {
      name: 'tokens bound to no certificate',
      change: { certificateBoundTokens: true },
      field: 'certificateBoundTokens',
    },
    { name: 'a certificate without a name', change: { authentication: 'tls_client_auth' }, field: 'certificateName' },
    {
      name: 'the name of a certificate it has not',
      change: { certificateName: 'dns:a.example' },
      field: 'certificateName',
    },
    ...[
      'acme',
      'dn:acme',
      'dns:*.example',
      'dns:a b',
      'uri:acme',
      'ip:acme',
      'ip:1.2.3.999',
      'email:acme',
      'url:x:y',
    ].map((text) => ({ name: `the name "${text}"`, change: { certificateName: text }, field: 'certificateName' })),
    { name: 'an unknown demand for DPoP', change: { dpop: 'always' }, field: 'dpop' },
    { name: 'a word for a choice', change: { requirePushedRequests: 'yes' }, field: 'requirePushedRequests' },
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
    expect(await operate<readonly unknown[]>(desk.harness, 'oauth-clients/list', { limit: 10 })).toEqual([]);
  });

  it.each(['Acme Reports', 'ACME reports', ' Acme   Reports ', 'Ａｃｍｅ Reports'])(
    'is refused for a name that looks like that of another: %j',
    async (name) => {
      await register();
      const answer = await call('POST', '', { ...partner, name });
      expect([answer.status, codeOf(answer), fieldsOf(answer)]).toEqual([409, 'SP_CONFLICT', ['name']]);
    },
  );

  it('is one of an application unless it says that it is one of an agent', async () => {
    const change = { name: 'Assistant', kind: 'agent', grantTypes: [...partner.grantTypes, 'token_exchange'] };
    const agent = clientOf(await register(change));
    const application = clientOf(await register());
    expect([application.kind, agent.kind]).toEqual(['application', 'agent']);
    expect(agent.grantTypes).toEqual([...partner.grantTypes, tokenExchangeGrant]);
    const changed = await call('PATCH', `/${agent.id}`, { kind: 'application' });
    expect([changed.status, clientOf(changed).kind]).toEqual([200, 'application']);
    const refused = await call('PATCH', `/${application.id}`, {
      authentication: 'none',
      grantTypes: [tokenExchangeGrant],
    });
    expect([refused.status, fieldsOf(refused).includes('grantTypes')]).toEqual([422, true]);
  });

  it('is read as that of an application where it was written before there were agents', async () => {
    const { id } = clientOf(await register({ kind: 'agent' }));
    await desk.harness.database.records.updateMany({
      model: recordModels.oauthClient,
      where: [{ field: 'clientId', value: id }],
      update: { kind: null },
    });
    expect(clientOf(await call('GET', `/${id}`)).kind).toBe('application');
  });

  it('repeats no value in its refusal', async () => {
    const answer = await call('POST', '', { ...partner, redirectUris: ['http://sp_cs_looks-like-a-secret.example/'] });
    expect(answer.text).not.toContain('looks-like');
  });
});
