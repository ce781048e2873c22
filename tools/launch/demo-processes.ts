import path from 'node:path';
import { standaloneServer } from '../build/build-next-app.ts';
import { nextApps } from '../build/next-apps.ts';

export type ProcessName = 'gateway' | 'shop' | 'shell' | 'account';

/** Where everything is, once ports were chosen. */
export interface Addresses {
  readonly publicUrl: string;
  readonly publicPort: number;
  readonly internalPort: number;
  readonly mailboxPort: number;
  readonly ports: Readonly<Record<Exclude<ProcessName, 'gateway'>, number>>;
  readonly dataDir: string;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

/** A process of the system: what to run, with what environment, and how to see that it is up. */
export interface ProcessDefinition {
  readonly name: ProcessName;
  readonly cwd: string;
  readonly nodeArguments: readonly string[];
  readonly environment: (addresses: Addresses) => Readonly<Record<string, string>>;
  readonly healthUrl: (addresses: Addresses) => string;
  /** Path of the service behind the door; the gateway has none. */
  readonly path?: string;
  readonly onExit: 'stop' | 'restart';
}

const loopback = '127.0.0.1';

/** The processes of `npm start`, as they were built. */
export function demoProcesses(root: string): readonly ProcessDefinition[] {
  return [
    gatewayProcess(root),
    {
      ...serviceProcess(root, 'shop', '/api/shop', '/healthz'),
      nodeArguments: [path.join(root, 'examples/shop/dist/main.js')],
      environment: (addresses) => ({
        ...serviceEnvironment(addresses, 'shop'),
        SHOP_DATA_FILE: path.join(addresses.dataDir, 'shop', 'products.db'),
      }),
    },
    {
      ...serviceProcess(root, 'shell', '/', '/healthz'),
      nodeArguments: [nextServer(root, 'apps/shell')],
      environment: (addresses) => ({
        ...serviceEnvironment(addresses, 'shell'),
        ...nextEnvironment,
        // The home page and the "check your mail" pages speak of the demo accounts and the mailbox.
        SALLYPORT_DEMO: '1',
        SALLYPORT_MAILBOX_URL: `http://${loopback}:${addresses.mailboxPort}`,
      }),
    },
    {
      ...serviceProcess(root, 'account', '/account', '/account/healthz'),
      nodeArguments: [nextServer(root, 'apps/zones/account')],
      environment: (addresses) => ({ ...serviceEnvironment(addresses, 'account'), ...nextEnvironment }),
    },
  ];
}

const nextEnvironment = { NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' } as const;

function gatewayProcess(root: string): ProcessDefinition {
  return {
    name: 'gateway',
    cwd: root,
    nodeArguments: [path.join(root, 'apps/gateway/dist/main.js')],
    environment: ({ publicUrl, publicPort, internalPort, mailboxPort, ports, dataDir, certFile, keyFile }) => ({
      PORT: String(publicPort),
      HOSTNAME: loopback,
      SALLYPORT_PUBLIC_URL: publicUrl,
      SALLYPORT_DATA_DIR: dataDir,
      SALLYPORT_INTERNAL_PORT: String(internalPort),
      SALLYPORT_MAILBOX_PORT: String(mailboxPort),
      SALLYPORT_UPSTREAM_SHOP: `http://${loopback}:${ports.shop}`,
      SALLYPORT_UPSTREAM_SHELL: `http://${loopback}:${ports.shell}`,
      SALLYPORT_UPSTREAM_ACCOUNT: `http://${loopback}:${ports.account}`,
      ...(certFile === undefined ? {} : { SALLYPORT_TLS_CERT_FILE: certFile }),
      ...(keyFile === undefined ? {} : { SALLYPORT_TLS_KEY_FILE: keyFile }),
    }),
    healthUrl: ({ publicUrl }) => `${publicUrl}/healthz`,
    onExit: 'stop',
  };
}

function serviceProcess(root: string, name: Exclude<ProcessName, 'gateway'>, publicPath: string, healthPath: string) {
  return {
    name,
    cwd: root,
    healthUrl: ({ ports }: Addresses) => `http://${loopback}:${ports[name]}${healthPath}`,
    path: publicPath,
    onExit: 'restart',
  } as const;
}

function serviceEnvironment(addresses: Addresses, name: Exclude<ProcessName, 'gateway'>): Record<string, string> {
  return {
    PORT: String(addresses.ports[name]),
    HOSTNAME: loopback,
    SALLYPORT_PUBLIC_URL: addresses.publicUrl,
    SALLYPORT_INTERNAL_URL: `http://${loopback}:${addresses.internalPort}`,
    SALLYPORT_AUDIENCE: name,
  };
}

function nextServer(root: string, folder: string): string {
  const app = nextApps.find((candidate) => candidate.folder === folder);
  if (app === undefined) throw new TypeError(`${folder} is not a Next.js application of the build`);
  return standaloneServer(root, app);
}
