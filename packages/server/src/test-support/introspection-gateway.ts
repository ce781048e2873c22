import type { ConfigInput } from '../config/config-schema.ts';
import { startTestGateway, type TestGateway } from './test-gateway.ts';
import { testAccounts, testPolicy } from './test-preset.ts';

/** The tokens of a program that signed in. */
export interface ProgramTokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

/** A gateway that answers two services about tokens, and the keys of these and of other callers. */
export interface IntrospectionGateway extends TestGateway {
  readonly keys: Readonly<Record<CallerName, ServiceKey>>;
  /** Signs a program in. */
  signProgramIn(role?: string): Promise<ProgramTokens>;
  /** Sends a form to a path with a key, or with other headers. */
  post(path: string, form: string, headers: Readonly<Record<string, string>>): Promise<Response>;
  /** Does what an operator does. */
  operate(name: string, input: object): Promise<unknown>;
}

/** A key, and the handle under which it is listed. */
export interface ServiceKey {
  readonly id: string;
  readonly secret: string;
}

type CallerName = 'billing' | 'reports' | 'both' | 'reader';

/** What each caller may do. */
const callers: Readonly<Record<CallerName, readonly string[]>> = {
  billing: ['billing:introspect', 'billing:revoke'],
  reports: ['reports:introspect'],
  both: ['billing:introspect', 'reports:introspect'],
  reader: ['product:read'],
};

/** Starts it. */
export async function startIntrospectionGateway(
  accessTokens: 'jwt' | 'opaque',
  config: Partial<ConfigInput> = {},
): Promise<IntrospectionGateway> {
  const test = await startTestGateway({
    config: {
      policy: {
        permissions: {
          ...testPolicy.permissions,
          'billing:introspect': 'Ask about tokens as the service billing',
          'billing:revoke': 'End tokens as the service billing',
          'reports:introspect': 'Ask about tokens as the service reports',
        },
        roles: {
          ...testPolicy.roles,
          'service-caller': ['billing:introspect', 'billing:revoke', 'reports:introspect', 'product:read'],
          // Of people: what a service may ask, a key of theirs may not.
          admin: [...(testPolicy.roles['admin'] ?? []), 'billing:introspect'],
        },
      },
      apiKeys: {},
      firstPartyTokens: { accessTokens },
      introspection: {
        services: { billing: { permissions: ['product:*'], profile: true }, reports: {} },
      },
      ...config,
    },
  });
  const operate: IntrospectionGateway['operate'] = (name, input) =>
    test.gateway.control.operate(name, input, { actor: 'operator:ada', requestId: 'operator', address: 'local' });
  const makeKey = async (name: string, scopes: readonly string[]): Promise<ServiceKey> => {
    const account = (await operate('service-accounts/create', { name, roles: ['service-caller'] })) as { id: string };
    const owner = { kind: 'service', id: account.id };
    const made = (await operate('api-keys/create', { owner, name: 'Main', scopes })) as {
      readonly key: { readonly keyId: string };
      readonly secret: string;
    };
    return { id: made.key.keyId, secret: made.secret };
  };
  const keys = {} as Record<CallerName, ServiceKey>; // Filled below, name by name.
  for (const [name, scopes] of Object.entries(callers)) keys[name as CallerName] = await makeKey(name, scopes);
  const post: IntrospectionGateway['post'] = (path, form, headers) =>
    fetch(test.origin + path, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: form,
    });
  return {
    ...test,
    keys,
    operate,
    post,
    async signProgramIn(role = 'vendor') {
      const account = testAccounts.find((one) => one.role === role);
      const answer = await fetch(`${test.origin}/auth/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email: account?.email, password: account?.password, device: 'Test' }),
      });
      if (answer.status !== 200) throw new Error(`no tokens: ${await answer.text()}`);
      return (await answer.json()) as ProgramTokens;
    },
  };
}
