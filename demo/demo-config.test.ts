import { loadConfig, parseConfig, readEnvironment } from '@sallyport/server';
import { describe, expect, it } from 'vitest';
import { workspaceRoot } from '../tools/workspace-root.ts';
import { createDemo } from './create-demo.ts';
import { upstreamVariables } from './topology.ts';

const upstreams = upstreamVariables((name) => `http://${name}.test`);

function configOf(variables: Readonly<Record<string, string>>) {
  return parseConfig(createDemo({ ...upstreams, ...variables }).configure(readEnvironment({})), 'test');
}

describe('the configuration of the demo', () => {
  it('leads to every zone and service', () => {
    const { routes } = configOf({});
    expect(routes.map(({ prefix, upstream }) => [prefix, upstream])).toEqual(
      expect.arrayContaining([
        ['/api/shop', 'http://shop.test'],
        ['/api/orders', 'http://orders.test'],
        ['/account', 'http://account.test'],
        ['/_zones/account', 'http://account.test'],
        ['/', 'http://shell.test'],
        ['/_next', 'http://shell.test'],
      ]),
    );
  });

  it('lets orders call the shop for its users, and takes webhooks of payments where there is a secret for them', () => {
    expect(configOf({}).routes.find(({ name }) => name === 'shop')?.callers).toEqual(['shell', 'orders']);
    expect(configOf({}).routes.map(({ name }) => name)).not.toContain('payments');
    const environment = readEnvironment({ SALLYPORT_WEBHOOK_SECRETS: 'other=whsec_a payments=whsec_b' });
    const { routes } = parseConfig(createDemo(upstreams).configure(environment), 'test');
    expect(routes.find(({ name }) => name === 'payments')).toMatchObject({
      upstream: 'http://orders.test',
      access: 'service',
      webhook: { secret: 'payments' },
    });
  });

  it('is what a gateway and a command load in this repository', async () => {
    const { config, preset } = await loadConfig(readEnvironment({ PORT: '3100' }), workspaceRoot);
    expect(preset?.name).toBe('demo mode');
    expect(config.publicUrl).toBe('http://localhost:3100');
  });

  it('is refused in production', async () => {
    const environment = readEnvironment({ NODE_ENV: 'production' });
    await expect(loadConfig(environment, workspaceRoot)).rejects.toThrow(/NODE_ENV/);
  });

  it.each([
    ['SALLYPORT_LISTEN_HOST', '0.0.0.0'],
    ['SALLYPORT_INTERNAL_HOST', '0.0.0.0'],
    ['SALLYPORT_ADMIN_HOST', '0.0.0.0'],
    ['SALLYPORT_TRUSTED_PROXIES', '10.0.0.0/8'],
    ['SALLYPORT_PUBLIC_URL', 'https://app.example.test'],
    ['SALLYPORT_WORKERS', '2'],
  ])('is refused with %s, which it does not follow', async (name, value) => {
    const environment = readEnvironment({ [name]: value });
    await expect(loadConfig(environment, workspaceRoot)).rejects.toThrow(new RegExp(name));
  });

  it('names a variable that is wrong, and not its value', () => {
    const demo = createDemo({ DEMO_MAILBOX_PORT: 'canary' });
    const configureIt = () => demo.configure(readEnvironment({}));
    expect(configureIt).toThrow(/DEMO_MAILBOX_PORT/);
    expect(configureIt).not.toThrow(/canary/);
  });

  it('knows the name that services call the gateway by, where a load balancer stands in front of it', () => {
    expect(configOf({ DEMO_INTERNAL_URL: 'http://127.0.0.1:9400' }).internal.hosts).toEqual(['127.0.0.1:9400']);
  });

  it('has its mailbox at the port that is named, else at a free one', () => {
    expect(configOf({ DEMO_MAILBOX_PORT: '3026' }).mailbox).toMatchObject({ port: 3026 });
    expect(configOf({}).mailbox).toMatchObject({ port: 0 });
  });

  it('offers Acme SSO where it runs, with the secret that both know', () => {
    const variables = { DEMO_ACME_SSO_ISSUER: 'http://127.0.0.1:3026/sso', DEMO_ACME_SSO_CLIENT_SECRET: 'canary' };
    const { signInProviders } = configOf(variables);
    expect(signInProviders?.oidc).toMatchObject({ acme: { name: 'Acme SSO', issuer: 'http://127.0.0.1:3026/sso' } });
    expect(JSON.stringify(configOf(variables))).not.toContain('canary');
    expect(createDemo(variables).providerSecrets?.()).toEqual(new Map([['acme', 'canary']]));
    expect(configOf({}).signInProviders).toBeUndefined();
  });

  it('takes the idle lifetime of sessions, and the roles that demand a second factor', () => {
    const variables = { DEMO_SESSION_IDLE_SECONDS: '12', DEMO_SECOND_FACTOR_ROLES: 'vendor, admin' };
    expect(configOf(variables)).toMatchObject({
      session: { idleSeconds: 12 },
      secondFactor: { requiredFor: ['vendor', 'admin'] },
    });
  });
});
