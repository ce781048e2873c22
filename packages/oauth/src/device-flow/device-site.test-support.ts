import type { Answer, Harness } from '@sallyport/identity/test-support/harness';
import type { ProviderSite, SignedInUser, SiteClient, TokenReply } from '../provider/provider-site.test-support.ts';

/** A command line, as it is registered. */
export const commandLine = {
  authentication: 'none',
  grantTypes: ['device_code', 'refresh_token'],
  redirectUris: [],
  scopes: ['openid', 'profile', 'offline_access', 'product:read'],
  backchannelLogoutUri: undefined,
} as const;

const resource = 'http://localhost:3000/';

/** What a device was given. */
export interface DeviceCodes {
  readonly deviceCode: string;
  readonly userCode: string;
}

/** A device at a provider, and the page on which its user enters the code. */
export interface DeviceSite {
  ask(client: SiteClient, change?: Readonly<Record<string, string>>): Promise<TokenReply>;
  /** The codes of a request that is answered. */
  begin(client: SiteClient, change?: Readonly<Record<string, string>>): Promise<DeviceCodes>;
  poll(client: SiteClient, deviceCode: string): Promise<TokenReply>;
  look(userCode: string, user?: SignedInUser): Promise<Answer>;
  answer(userCode: string, decision: 'allow' | 'deny', user?: SignedInUser): Promise<Answer>;
  /** The whole way, allowed. */
  signIn(client: SiteClient, user: SignedInUser): Promise<TokenReply['body']>;
}

/** Builds it. */
export function createDeviceSite(harness: Harness, site: ProviderSite): DeviceSite {
  const callAs = (path: string, body: object, user: SignedInUser | undefined): Promise<Answer> =>
    harness.call('POST', path, body, user === undefined ? {} : { caller: user.caller });
  const device: DeviceSite = {
    ask: (client, change = {}) =>
      site.post('/oauth2/device', client, { scope: 'openid offline_access product:read', resource, ...change }),
    async begin(client, change) {
      const { status, body } = await device.ask(client, change);
      if (status !== 200) throw new Error(`no device code: ${JSON.stringify(body)}`);
      return { deviceCode: body['device_code'] ?? '', userCode: body['user_code'] ?? '' };
    },
    poll: (client, device_code) =>
      site.post('/oauth2/token', client, { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code }),
    look: (userCode, user) => callAs('/auth/device/request', { userCode }, user),
    answer: (userCode, decision, user) => callAs('/auth/device/decision', { userCode, decision }, user),
    async signIn(client, user) {
      const { deviceCode, userCode } = await device.begin(client);
      const answered = await device.answer(userCode, 'allow', user);
      if (answered.status !== 200) throw new Error(`not allowed: ${answered.text}`);
      const { status, body } = await device.poll(client, deviceCode);
      if (status !== 200) throw new Error(`no tokens: ${JSON.stringify(body)}`);
      return body;
    },
  };
  return device;
}
