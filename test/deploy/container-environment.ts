import { chownSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import { upstreamVariable } from '../../demo/topology.ts';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import { deployedUpstreams } from './image-names.ts';
import { asUser, type MountedSecrets } from './mounted-secrets.ts';

export const gatewayNames = ['gateway-1', 'gateway-2'] as const;
export const containerNames = [...gatewayNames, ...deployedUpstreams] as const;
export type ContainerName = (typeof containerNames)[number];

/** Where a process of compose.yaml listens in a test. */
export interface ContainerPorts {
  readonly public: number;
  readonly http: number;
  readonly internal: number;
}

/** What a test says about a process of compose.yaml. A service of another kind has no health check and no groups. */
export interface ComposeService {
  readonly environment: Readonly<Record<string, string>>;
  readonly group_add?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
}

/** What takes the place of mounts and networks of Compose. */
export interface ContainerPlace {
  readonly folder: string;
  readonly secrets: MountedSecrets;
  readonly ports: Readonly<Record<ContainerName, ContainerPorts>>;
  /** The variables of the image. */
  readonly image: Readonly<Record<string, string>>;
}

/** User and group of the images. */
const unprivilegedId = 10_001;
const isRoot = process.getuid?.() === 0;

/** The image that a process of compose.yaml runs from. */
export function imageNameOf(name: ContainerName): string {
  return name.replace(/-\d$/, '');
}

export function loopback(port: number): string {
  return `http://127.0.0.1:${port}`;
}

export async function findContainerPorts(): Promise<Readonly<Record<ContainerName, ContainerPorts>>> {
  const free = await findFreePorts(containerNames.length * 2);
  const entries = containerNames.map((name, index) => {
    const [http = 0, internal = 0] = free.slice(index * 2);
    return [name, { public: http, http, internal }];
  });
  return Object.fromEntries(entries) as Readonly<Record<ContainerName, ContainerPorts>>;
}

/** A service of compose.yaml. Its schema is held by a test of its own. */
export async function composeService(name: ContainerName): Promise<ComposeService> {
  const text = await readFile(path.join(workspaceRoot, 'compose.yaml'), 'utf8');
  const { services } = parse(text, { merge: true }) as { readonly services: Readonly<Record<string, ComposeService>> };
  const service = services[name];
  if (service === undefined) throw new Error(`compose.yaml has no ${name}`);
  return service;
}

/** What compose.yaml sets, with folders and addresses of this machine. */
export async function containerEnvironment(
  name: ContainerName,
  { folder, secrets, ports, image }: ContainerPlace,
): Promise<Record<string, string>> {
  const data = path.join(folder, `${name}-data`);
  await mkdir(data, { mode: 0o700, recursive: true });
  if (isRoot) chownSync(data, unprivilegedId, unprivilegedId);
  const { environment } = await composeService(name);
  const settings = Object.entries(environment).map(([key, value]): [string, string] => [
    key,
    value
      .replace(/^\$\{(\w+).*\}$/, (_whole, variable: string) => secrets.variables[variable] ?? '')
      .replace('/run/secrets', secrets.folder),
  ]);
  const { http, internal } = ports[name];
  return {
    HOME: '/nonexistent',
    ...image,
    PATH: `${path.dirname(process.execPath)}:${image['PATH'] ?? process.env['PATH'] ?? ''}`,
    ...Object.fromEntries(settings),
    PORT: String(http),
    ...(name.startsWith('gateway')
      ? {
          SALLYPORT_TRUSTED_PROXIES: '127.0.0.1',
          SALLYPORT_DATA_DIR: data,
          SALLYPORT_LISTEN_HOST: '127.0.0.1',
          SALLYPORT_INTERNAL_HOST: '127.0.0.1',
          SALLYPORT_INTERNAL_PORT: String(internal),
          ...Object.fromEntries(deployedUpstreams.map((one) => [upstreamVariable(one), loopback(ports[one].http)])),
        }
      : { HOSTNAME: '127.0.0.1', SALLYPORT_INTERNAL_URL: loopback(ports['gateway-1'].internal) }),
    ...(name === 'shop' ? { SHOP_DATA_FILE: path.join(data, 'products.db') } : {}),
    ...(name === 'orders' ? { ORDERS_DATA_FILE: path.join(data, 'orders.db') } : {}),
  };
}

/** The command as the user of the images, with the one more group that compose.yaml adds. */
export async function asContainerUser(secrets: MountedSecrets, command: readonly string[]): Promise<readonly string[]> {
  const [group = ''] = (await composeService('gateway-1')).group_add ?? [];
  const gid = secrets.variables[/^\$\{(\w+)/.exec(group)?.[1] ?? ''] ?? '';
  return isRoot ? [...asUser(unprivilegedId, unprivilegedId, gid), ...command] : command;
}
