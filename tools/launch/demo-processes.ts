import path from 'node:path';
import { acmeClientId, acmeIssuer, acmeProviderId } from '../../demo/acme-sso/acme-client.ts';
import { topology, upstreamVariables, type UpstreamName } from '../../demo/topology.ts';
import { standaloneServer } from '../build/build-next-app.ts';

export type GatewayName = 'gateway' | 'gateway-2';
export type ProcessName = GatewayName | UpstreamName | 'mailbox' | 'acme-sso';

/** Where one gateway is, when two stand behind a load balancer. */
export interface GatewayPlace {
  readonly publicPort: number;
  readonly internalPort: number;
  readonly dataDir: string;
}

/** Servers that the system runs on, instead of what is embedded. */
export interface Stores {
  /** Accounts and records of the gateway. */
  readonly databaseUrl?: string | undefined;
  /** Sessions, counters and invalidation of the gateway. */
  readonly redisUrl?: string | undefined;
  /** Products and orders of the shop. */
  readonly mongodbUrl?: string | undefined;
}

/** Where everything is, once ports were chosen. */
export interface Addresses {
  readonly publicUrl: string;
  /** What browsers connect to: the gateway, or the load balancer in front of two. */
  readonly publicPort: number;
  /** What services connect to, likewise. */
  readonly internalPort: number;
  readonly mailboxPort: number;
  /** SMTP port of the mailbox, where it is a process of its own. */
  readonly smtpPort?: number | undefined;
  /** The outside provider that people sign in with, and what its client at the gateway proves itself with. */
  readonly acmeSso: { readonly port: number; readonly clientSecret: string };
  /** What the service of orders and the payment provider know each other by. */
  readonly payments: { readonly key: string; readonly webhookSecret: string };
  readonly gateways: Readonly<Partial<Record<GatewayName, GatewayPlace>>>;
  readonly ports: Readonly<Record<UpstreamName, number>>;
  readonly dataDir: string;
  readonly stores: Stores;
  /** Root secret that gateways share; one alone keeps its own. */
  readonly secret?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  /** The authority behind them, which Acme SSO calls the gateway with. */
  readonly caFile?: string | undefined;
}

/** A process of the system: what to run, with what environment, and how to see that it is up. */
export interface ProcessDefinition {
  readonly name: ProcessName;
  readonly cwd: string;
  readonly nodeArguments: readonly string[];
  readonly environment: (addresses: Addresses) => Readonly<Record<string, string>>;
  readonly healthUrl: (addresses: Addresses) => string;
  /** Path of the service behind the gateway; the gateway has none. */
  readonly path?: string;
  readonly onExit: 'stop' | 'restart';
}

const loopback = '127.0.0.1';

/** The processes of `npm start`, as they were built; with a second gateway and a mailbox for both where two are asked for. */
export function demoProcesses(root: string, gateways: 1 | 2 = 1): readonly ProcessDefinition[] {
  return [
    ...(gateways === 2 ? [mailboxProcess(root)] : []),
    gatewayProcess(root, 'gateway'),
    ...(gateways === 2 ? [gatewayProcess(root, 'gateway-2')] : []),
    ...topology.map((upstream) => upstreamProcess(root, upstream)),
    acmeSsoProcess(root),
  ];
}

const nextEnvironment = { NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' } as const;

/** What one upstream alone is told. */
const ownEnvironments: Partial<Record<UpstreamName, ProcessDefinition['environment']>> = {
  shop: ({ dataDir, stores }) => ({
    SHOP_DATA_FILE: path.join(dataDir, 'shop', 'products.db'),
    ...defined({ MONGODB_URL: stores.mongodbUrl }),
  }),
  orders: (addresses) => ({
    ORDERS_DATA_FILE: path.join(addresses.dataDir, 'orders', 'orders.db'),
    PAYMENT_URL: `${acmeSsoUrl(addresses)}/pay`,
    PAYMENT_KEY: addresses.payments.key,
    ...defined({ MONGODB_URL: addresses.stores.mongodbUrl }),
  }),
  // The home page and the "check your mail" pages speak of the demo accounts and the mailbox.
  shell: ({ mailboxPort }) => ({
    SALLYPORT_DEMO: '1',
    SALLYPORT_MAILBOX_URL: `http://${loopback}:${mailboxPort}`,
  }),
};

function upstreamProcess(root: string, upstream: (typeof topology)[number]): ProcessDefinition {
  const { name, kind, folder, mount } = upstream;
  const healthPath = kind === 'zone' ? `${mount}/healthz` : '/healthz';
  return {
    name,
    cwd: root,
    nodeArguments: [
      kind === 'service' ? path.join(root, folder, 'dist/main.js') : standaloneServer(root, { name, folder }),
    ],
    environment: (addresses) => ({
      PORT: String(addresses.ports[name]),
      HOSTNAME: loopback,
      SALLYPORT_PUBLIC_URL: addresses.publicUrl,
      SALLYPORT_INTERNAL_URL: internalUrl(addresses),
      SALLYPORT_AUDIENCE: upstream.audience,
      ...(kind === 'service' ? {} : nextEnvironment),
      ...ownEnvironments[name]?.(addresses),
    }),
    healthUrl: ({ ports }) => `http://${loopback}:${ports[name]}${healthPath}`,
    path: mount,
    onExit: 'restart',
  };
}

function gatewayProcess(root: string, name: GatewayName): ProcessDefinition {
  return {
    name,
    cwd: root,
    nodeArguments: [path.join(root, 'apps/gateway/dist/main.js')],
    environment: (addresses) => {
      const { publicUrl, mailboxPort, smtpPort, ports, stores, secret, certFile, keyFile } = addresses;
      const place = placeOf(addresses, name);
      return {
        PORT: String(place.publicPort),
        HOSTNAME: loopback,
        SALLYPORT_PUBLIC_URL: publicUrl,
        SALLYPORT_DATA_DIR: place.dataDir,
        SALLYPORT_INTERNAL_PORT: String(place.internalPort),
        DEMO_INTERNAL_URL: internalUrl(addresses),
        ...upstreamVariables((upstream) => `http://${loopback}:${ports[upstream]}`),
        DEMO_MAILBOX_PORT: String(mailboxPort),
        DEMO_ACME_SSO_ISSUER: acmeIssuer(acmeSsoUrl(addresses)),
        DEMO_ACME_SSO_CLIENT_SECRET: addresses.acmeSso.clientSecret,
        SALLYPORT_WEBHOOK_SECRETS: `payments=${addresses.payments.webhookSecret}`,
        ...(smtpPort === undefined
          ? {}
          : {
              SMTP_URL: `smtp://${loopback}:${smtpPort}`,
              SMS_GATEWAY_URL: `http://${loopback}:${mailboxPort}/sms`,
            }),
        ...defined({
          SALLYPORT_TLS_CERT_FILE: certFile,
          SALLYPORT_TLS_KEY_FILE: keyFile,
          DATABASE_URL: stores.databaseUrl,
          REDIS_URL: stores.redisUrl,
          SALLYPORT_SECRET: secret,
        }),
      };
    },
    healthUrl: (addresses) => {
      const { protocol, hostname } = new URL(addresses.publicUrl);
      // One of two is asked itself, past the load balancer.
      const { publicPort } = placeOf(addresses, name);
      const isAlone = publicPort === addresses.publicPort;
      return isAlone ? `${addresses.publicUrl}/healthz` : `${protocol}//${hostname}:${publicPort}/healthz`;
    },
    onExit: 'stop',
  };
}

function placeOf({ gateways }: Addresses, name: GatewayName): GatewayPlace {
  const place = gateways[name];
  if (place === undefined) throw new TypeError(`${name} is not a process of this system`);
  return place;
}

function mailboxProcess(root: string): ProcessDefinition {
  return {
    name: 'mailbox',
    cwd: root,
    nodeArguments: [path.join(root, 'tools/launch/mailbox-process.ts')],
    environment: ({ mailboxPort, smtpPort }) => ({ PORT: String(mailboxPort), MAILBOX_SMTP_PORT: String(smtpPort) }),
    healthUrl: ({ mailboxPort }) => `http://${loopback}:${mailboxPort}/count`,
    onExit: 'restart',
  };
}

function acmeSsoProcess(root: string): ProcessDefinition {
  return {
    name: 'acme-sso',
    cwd: root,
    nodeArguments: [path.join(root, 'tools/launch/acme-sso-process.ts')],
    environment: ({ acmeSso, payments, publicUrl, caFile }) => ({
      PORT: String(acmeSso.port),
      ACME_SSO_CLIENT_ID: acmeClientId,
      ACME_SSO_CLIENT_SECRET: acmeSso.clientSecret,
      ACME_SSO_REDIRECT_URI: `${publicUrl}/auth/callback/${acmeProviderId}`,
      ACME_SSO_BACKCHANNEL_LOGOUT_URI: `${publicUrl}/auth/providers/${acmeProviderId}/backchannel-logout`,
      ACME_PAY_KEY: payments.key,
      ACME_PAY_WEBHOOK_URL: `${publicUrl}/webhooks/payments`,
      ACME_PAY_WEBHOOK_SECRET: payments.webhookSecret,
      ...defined({ NODE_EXTRA_CA_CERTS: caFile }),
    }),
    healthUrl: (addresses) => `${acmeIssuer(acmeSsoUrl(addresses))}/.well-known/openid-configuration`,
    onExit: 'restart',
  };
}

/** Where people see the pages of Acme SSO. */
export function acmeSsoUrl({ acmeSso }: Addresses): string {
  return `http://${loopback}:${acmeSso.port}`;
}

function defined(variables: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function internalUrl({ internalPort }: Addresses): string {
  return `http://${loopback}:${internalPort}`;
}
