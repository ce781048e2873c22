import { keycloakAdministrator } from '../../tools/test-servers/keycloak.ts';

/** A person of the realm. */
export const kim = {
  username: 'kim',
  password: 'kim-of-the-test-alone',
  email: 'kim@staff.test',
  name: 'Kim Keys',
} as const;

export interface RealmOptions {
  /** Origin of a Keycloak. */
  readonly url: string;
  /** Origin of the gateway that is its client. */
  readonly gateway: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** A realm with one client and one person, and what its administrator does with it. */
export interface Realm {
  readonly issuer: string;
  /** Ends every session of the person; the realm tells its clients (back-channel logout). */
  signOutEverywhere(): Promise<void>;
  /** Adds a signing key that is used from now on. */
  rotateKeys(): Promise<void>;
}

/** Makes a realm of the name `staff`. */
export async function createRealm({ url, gateway, clientId, clientSecret }: RealmOptions): Promise<Realm> {
  const administrate = async (method: string, path: string, json?: object): Promise<Response> => {
    const answer = await fetch(`${url}/admin/realms${path}`, {
      method,
      headers: { authorization: `Bearer ${await administratorToken(url)}`, 'content-type': 'application/json' },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}: ${await answer.text()}`);
    return answer;
  };
  const [firstName, lastName] = kim.name.split(' ');
  await administrate('POST', '', {
    realm: 'staff',
    enabled: true,
    sslRequired: 'none',
    clients: [
      {
        clientId,
        secret: clientSecret,
        protocol: 'openid-connect',
        publicClient: false,
        standardFlowEnabled: true,
        directAccessGrantsEnabled: false,
        redirectUris: [`${gateway}/auth/callback/keycloak`],
        attributes: {
          'pkce.code.challenge.method': 'S256',
          'backchannel.logout.url': `${gateway}/auth/providers/keycloak/backchannel-logout`,
          'backchannel.logout.session.required': 'true',
        },
      },
    ],
    users: [
      {
        username: kim.username,
        enabled: true,
        email: kim.email,
        emailVerified: true,
        firstName,
        lastName,
        credentials: [{ type: 'password', value: kim.password, temporary: false }],
      },
    ],
  });
  const found = await administrate('GET', `/staff/users?username=${kim.username}`);
  const [{ id }] = (await found.json()) as [{ readonly id: string }]; // There is one.
  return {
    issuer: `${url}/realms/staff`,
    signOutEverywhere: async () => void (await administrate('POST', `/staff/users/${id}/logout`)),
    rotateKeys: async () =>
      void (await administrate('POST', '/staff/components', {
        name: 'next',
        providerId: 'rsa-generated',
        providerType: 'org.keycloak.keys.KeyProvider',
        config: { priority: ['200'], enabled: ['true'], active: ['true'], algorithm: ['RS256'] },
      })),
  };
}

async function administratorToken(url: string): Promise<string> {
  const answer = await fetch(`${url}/realms/master/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'password', client_id: 'admin-cli', ...keycloakAdministrator }),
  });
  return ((await answer.json()) as { readonly access_token: string }).access_token; // RFC 6749, section 5.1.
}
