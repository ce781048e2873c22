import { isLoopbackHost } from '@sallyport/core';
import type { ConfigInput } from '../config/config-schema.ts';
import { ConfigurationError, type ConfigurationProblem } from '../config/configuration-error.ts';
import type { Environment } from '../config/environment.ts';
import { demoPolicy } from './demo-policy.ts';

/**
 * The configuration when there is none: the demonstration, on loopback only.
 *
 * @throws ConfigurationError in production, on any address that is not loopback, and when a part of the demo has no address.
 */
export function demoConfig(environment: Environment): ConfigInput {
  const port = environment.port ?? 3000;
  const publicUrl = environment.publicUrl ?? `http://localhost:${port}`;
  const { shop, shell, account } = environment.upstreams;
  const problems: ConfigurationProblem[] = [];
  if (environment.workers !== undefined && environment.workers !== 1) {
    problems.push({ key: 'SALLYPORT_WORKERS', problem: 'is for a sallyport.config.ts: demo mode is one process' });
  }
  if (environment.isProduction) {
    problems.push({
      key: 'NODE_ENV',
      problem: 'is production, and demo mode refuses to run there; write a sallyport.config.ts',
    });
  }
  if (!URL.canParse(publicUrl) || !isLoopbackHost(new URL(publicUrl).hostname)) {
    problems.push({
      key: 'SALLYPORT_PUBLIC_URL',
      problem: 'must be a loopback address in demo mode; write a sallyport.config.ts for any other',
    });
  }
  for (const [name, upstream] of Object.entries({ SHOP: shop, SHELL: shell, ACCOUNT: account })) {
    if (upstream === undefined)
      problems.push({ key: `SALLYPORT_UPSTREAM_${name}`, problem: 'is missing; "npm start" sets it' });
  }
  if (shop === undefined || shell === undefined || account === undefined || problems.length > 0) {
    throw new ConfigurationError('demo mode', problems);
  }
  return {
    publicUrl,
    listen: { host: '127.0.0.1', port },
    internal: {
      host: '127.0.0.1',
      port: environment.internalPort ?? 0,
      // The file of a deployment names the hosts of its internal listener itself.
      hosts: hostsOf(environment.internalUrl),
    },
    ...(environment.otlpEndpoint === undefined
      ? {}
      : { tracing: { endpoint: environment.otlpEndpoint, sampleRatio: 1 } }),
    admin: { host: '127.0.0.1', port: environment.adminPort ?? 0 },
    ...(environment.tlsCertFile === undefined || environment.tlsKeyFile === undefined
      ? {}
      : { tls: { certFile: environment.tlsCertFile, keyFile: environment.tlsKeyFile } }),
    ...(environment.dataDir === undefined ? {} : { dataDir: environment.dataDir }),
    ...(environment.sessionIdleSeconds === undefined
      ? {}
      : { session: { idleSeconds: environment.sessionIdleSeconds } }),
    // All of them, so that people can try them: text messages arrive in the mailbox.
    secondFactor: { methods: ['totp', 'email', 'sms'], requiredFor: [...environment.secondFactorRoles] },
    // Everybody here comes from one address, and the machine may be building pages while they sign in.
    limits: { authRequests: [] },
    passwords: { hashing: { maxWaitingOfOne: 256, maxWaitSeconds: 30 } },
    policy: demoPolicy,
    routes: [
      {
        name: 'shop',
        prefix: '/api/shop',
        upstream: shop,
        stripPrefix: true,
        audience: 'shop',
        access: 'signed-in',
        permissions: ['product:*'],
      },
      {
        name: 'account',
        prefix: '/account',
        upstream: account,
        audience: 'account',
        access: 'signed-in',
        permissions: ['*'],
        profile: true,
      },
      {
        name: 'account-assets',
        prefix: '/_zones/account',
        upstream: account,
        audience: 'account',
        access: 'public',
        slide: false,
      },
      { name: 'shell-assets', prefix: '/_next', upstream: shell, audience: 'shell', access: 'public', slide: false },
      {
        name: 'shell',
        prefix: '/',
        upstream: shell,
        audience: 'shell',
        access: 'optional',
        permissions: ['*'],
        profile: true,
      },
    ],
  };
}

function hostsOf(url: string | undefined): string[] {
  return url !== undefined && URL.canParse(url) ? [new URL(url).host] : [];
}
