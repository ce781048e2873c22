import { freezePrincipal, type LiveSession } from '@sallyport/core';
import { expect, it } from 'vitest';
import type { ClientTrust, OAuthClient } from '../clients/oauth-client.ts';
import { createAccessTokenJudge, type AccessTokenJudgeParts } from './access-token-judge.ts';

const at = new Date('2030-01-01T00:00:00Z');
const later = new Date(at.getTime() + 600_000);

/** The session of a browser that works in an organization, where its user may look at invoices. */
const session: LiveSession = {
  principal: freezePrincipal({
    kind: 'user',
    id: 'ada',
    sid: 's1',
    roles: ['user'],
    permissions: ['product:read', 'invoice:read'],
    org: 'org_00000000000000000000',
    orgRoles: ['clerk'],
    acr: 'pwd',
    amr: ['pwd'],
    authTime: at,
    credential: 'session',
    generation: { session: 1, user: 1, policy: 1 },
  }),
  idleExpiresAt: later,
  absoluteExpiresAt: later,
  idleSeconds: 600,
};

const clientOf = (trust: ClientTrust): OAuthClient => ({
  id: 'partner',
  name: 'Partner',
  trust,
  kind: 'application',
  authentication: 'none',
  dpop: 'optional',
  requirePushedRequests: false,
  certificateBoundTokens: false,
  grantTypes: ['authorization_code'],
  redirectUris: [],
  postLogoutRedirectUris: [],
  scopes: ['product:read', 'invoice:read'],
  resources: [],
  serves: [],
  generation: 1,
  secret: null,
  createdAt: at,
  updatedAt: at,
});

it.each(['first-party', 'third-party'] as const)(
  'a token of a %s client works in no organization of the browser of its user, and has no permission of one',
  async (trust) => {
    const parts: AccessTokenJudgeParts = {
      credential: 'bearer',
      findClient: async () => clientOf(trust),
      grants: { clientOf: async () => 'partner' },
      delegations: { isLive: async () => false },
      directory: {
        byToken: async () => null,
        bySid: async () => ({ ...session, createdAt: at }),
        recordActivity: async () => {},
      },
      roles: {
        permissionsOf: async () => ({ permissions: ['product:read'], generation: 1 }),
        unknownAmong: async () => [],
        names: async () => ['user'],
        close: () => {},
      },
      publicOrigin: 'https://app.example',
      now: () => at,
    };
    const seconds = Math.floor(at.getTime() / 1000);
    const outcome = await createAccessTokenJudge(parts).judge({
      sub: 'ada',
      client_id: 'partner',
      aud: 'https://app.example',
      scope: 'product:read invoice:read',
      exp: seconds + 60,
      iat: seconds,
      sub_type: 'user',
      sid: 's1',
      grant: 'g1',
      amr: ['pwd'],
      auth_time: seconds,
    });
    const principal = outcome.kind === 'authenticated' ? outcome.caller.principal : undefined;
    expect(principal).toMatchObject({ id: 'ada', permissions: ['product:read'] });
    expect(principal).not.toHaveProperty('org');
    expect(principal).not.toHaveProperty('orgRoles');
  },
);
