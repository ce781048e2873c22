import type { ConfigInput, Environment } from '@sallyport/server';
import { acmeClientId, acmeProviderId } from './acme-sso/acme-client.ts';
import type { DemoEnvironment } from './demo-environment.ts';
import { demoBrand } from './demo-brand.ts';
import { demoPolicy } from './demo-policy.ts';
import { demoRoutes, paymentRoutes } from './demo-routes.ts';

/** The configuration of the demo. */
export function demoConfig(environment: Environment, demo: DemoEnvironment): ConfigInput {
  const port = environment.port ?? 3000;
  const publicUrl = environment.publicUrl ?? `http://localhost:${port}`;
  return {
    publicUrl,
    listen: { host: '127.0.0.1', port },
    internal: {
      host: '127.0.0.1',
      port: environment.internalPort ?? 0,
      // The file of a deployment names the hosts of its internal listener itself.
      hosts: hostsOf(demo.internalUrl),
    },
    ...(environment.otlpEndpoint === undefined
      ? {}
      : { tracing: { endpoint: environment.otlpEndpoint, sampleRatio: 1 } }),
    admin: { host: '127.0.0.1', port: environment.adminPort ?? 0 },
    ...(environment.tlsCertFile === undefined || environment.tlsKeyFile === undefined
      ? {}
      : { tls: { certFile: environment.tlsCertFile, keyFile: environment.tlsKeyFile } }),
    ...(environment.dataDir === undefined ? {} : { dataDir: environment.dataDir }),
    ...(demo.sessionIdleSeconds === undefined ? {} : { session: { idleSeconds: demo.sessionIdleSeconds } }),
    // All of them, so that people can try them: text messages arrive in the mailbox.
    secondFactor: { methods: ['totp', 'email', 'sms'], requiredFor: [...demo.secondFactorRoles] },
    ...(demo.acmeSso === undefined ? {} : { signInProviders: acmeSso(demo.acmeSso.issuer) }),
    // People make some on the page of the account zone; services take them.
    apiKeys: {},
    // For programs: examples/terminal-client, and examples/spa-client from another origin.
    firstPartyTokens: {},
    cors: { tokenOrigins: [...demo.tokenOrigins] },
    // For "sallyport login", and for a shell with a session of its own: examples/auth-js-shell.
    oauthProvider: { privateHosts: [...demo.oauthClientHosts], devices: { requests: [] } },
    // All clients come from one address, and the machine may be building pages while they sign in.
    limits: { authRequests: [] },
    // All browsers of a demo are at one address.
    mailLimits: { perNetwork: { max: 100_000 }, toStrangers: { max: 100_000 } },
    passwords: { hashing: { maxWaitingOfOne: 256, maxWaitSeconds: 30 } },
    policy: demoPolicy,
    // The account zone has what the built-in page offers, and more.
    pages: { security: '/account/security' },
    brand: demoBrand,
    securityTxt: {
      contact: ['https://github.com/sallyport-dev/sallyport/security/advisories/new'],
      languages: ['en'],
    },
    // Where there is a mail server, as with two gateways.
    mail: { from: 'no-reply@localhost' },
    mailbox: { port: demo.mailboxPort ?? 0 },
    routes: [...demoRoutes(demo), ...paymentRoutes(demo, environment.webhookSecrets)],
  };
}

/** Believed about its own addresses, and about those of the demo, so that people see both sides prove the same one. */
function acmeSso(issuer: string): NonNullable<ConfigInput['signInProviders']> {
  const trustedEmailDomains = ['acme.test', 'demo.sallyport.test'];
  return { oidc: { [acmeProviderId]: { name: 'Acme SSO', issuer, clientId: acmeClientId, trustedEmailDomains } } };
}

function hostsOf(url: string | undefined): string[] {
  return url !== undefined && URL.canParse(url) ? [new URL(url).host] : [];
}
