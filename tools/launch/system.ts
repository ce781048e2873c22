import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { topology } from '../../demo/topology.ts';
import { workspaceRoot } from '../workspace-root.ts';
import {
  acmeSsoUrl,
  demoProcesses,
  type Addresses,
  type GatewayName,
  type GatewayPlace,
  type ProcessDefinition,
  type ProcessName,
  type Stores,
} from './demo-processes.ts';
import { checkPort, findFreePorts } from './free-ports.ts';
import { startLoadBalancer, type LoadBalancer } from './load-balancer.ts';
import { inheritedEnvironment } from './process-environment.ts';
import { openProcessLog, type ProcessLog } from './process-log.ts';
import { createSupervisedProcess, type SupervisedProcess } from './supervised-process.ts';
import { waitUntilReady } from './wait-until-ready.ts';

const readyTimeoutMilliseconds = 60_000;
/** Of `demo/demo-accounts.ts`, which cannot be loaded before it is built. */
const demoAccountsFile = 'demo-accounts.json';
/** Of `demo/demo-command-line.ts`. */
const demoCommandLineFile = 'demo-command-line.json';

export interface DemoAccount {
  readonly email: string;
  readonly password: string;
  readonly roles: readonly string[];
}

export interface SystemOptions {
  /** Folder of accounts, keys and logs. */
  readonly dataDir: string;
  /** Port of the gateway; a free one by default. */
  readonly port?: number;
  /** PEM files; with them the gateway speaks https. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string; readonly caFile: string };
  /** Address that browsers use; made from the port by default. */
  readonly publicUrl?: string;
  /** Additional environment of single processes. */
  readonly environment?: Partial<Record<ProcessName, Readonly<Record<string, string>>>>;
  /** Starts only these processes. */
  readonly only?: readonly ProcessName[];
  /** Servers to run on; what is embedded by default. */
  readonly stores?: Stores;
  /**
   * How many gateways there are. Two stand behind a load balancer, share a root secret and a mailbox process, and need
   * stores that both can reach. @default 1
   */
  readonly gateways?: 1 | 2;
  /** What to run; the built demo by default. */
  readonly definitions?: readonly ProcessDefinition[];
  readonly signal?: AbortSignal;
  /** Called when a process ended for good by itself. Without it the others keep running. */
  readonly onLost?: (failure: ProcessFailure) => void;
  /** Called with a sentence for people: a restart, or warnings and errors in a log. */
  readonly onNotice?: (notice: string) => void;
}

/** The running system: the gateway, the services and zones behind it, and the means to break them. */
export interface RunningSystem {
  readonly url: string;
  readonly mailbox: string;
  /** The outside provider that people sign in with, where it runs. */
  readonly acmeSso: string | undefined;
  /** Path of the certificate authority behind an https address. */
  readonly authority: string | undefined;
  readonly accounts: readonly DemoAccount[];
  /** The client of `sallyport login`, where the demo has one. */
  readonly commandLineClient: string | undefined;
  readonly services: readonly { readonly name: string; readonly path: string }[];
  readonly logFolder: string;
  /** Every gateway, and where it listens itself. */
  readonly gateways: readonly ({ readonly name: GatewayName } & GatewayPlace)[];
  /** Lets the load balancer use these gateways alone, until told otherwise. Connections to others end. */
  routeTo(...names: readonly GatewayName[]): void;
  /** Starts a stopped process again and resolves when it answers. */
  start(name: ProcessName): Promise<void>;
  /** Stops one process in an orderly way. */
  stop(name?: ProcessName): Promise<void>;
  /** Ends one process as an accident would. */
  kill(name: ProcessName, signal?: NodeJS.Signals): Promise<void>;
  /** Process id, for measurements. */
  pid(name: ProcessName): number | undefined;
  /** The end of the log of a process. */
  lastLines(name: ProcessName, count?: number): readonly string[];
}

/** A process that ended by itself, or never answered. */
export class ProcessFailure extends Error {
  override readonly name = 'ProcessFailure';
  readonly lastLines: readonly string[];
  readonly logFile: string;

  constructor(message: string, log: ProcessLog) {
    super(message);
    this.lastLines = log.lastLines(15);
    this.logFile = log.file;
  }
}

/**
 * Starts the system on 127.0.0.1 and waits until every process answers and a page comes through the gateway.
 *
 * @throws ProcessFailure when a process ends or does not answer in time; everything else is stopped first.
 */
export async function startSystem(options: SystemOptions): Promise<RunningSystem> {
  const dataDir = path.resolve(options.dataDir);
  const logFolder = path.join(dataDir, 'logs');
  const addresses = await chooseAddresses(options, dataDir);
  const authority = options.tls === undefined ? undefined : await readFile(options.tls.caFile, 'utf8');
  const definitions = (options.definitions ?? demoProcesses(workspaceRoot, options.gateways)).filter(
    ({ name }) => options.only?.includes(name) ?? true,
  );
  const startup = new AbortController();
  let isUp = false;

  const parts = new Map<ProcessName, Part>();
  for (const definition of definitions) {
    const log = openProcessLog(path.join(logFolder, `${definition.name}.log`));
    const supervised = createSupervisedProcess({
      name: definition.name,
      nodeArguments: definition.nodeArguments,
      cwd: definition.cwd,
      environment: {
        ...inheritedEnvironment(definition.name, process.env),
        ...definition.environment(addresses),
        ...options.environment?.[definition.name],
      },
      log,
      onExit: definition.onExit,
      onLost: (reason) => {
        const failure = new ProcessFailure(`${definition.name} stopped (${reason})`, log);
        if (isUp) options.onLost?.(failure);
        else startup.abort(failure);
      },
      onRestart: (reason) => options.onNotice?.(`${definition.name} stopped (${reason}); starting it again`),
    });
    parts.set(definition.name, { definition, log, process: supervised });
  }

  const partOf = (name: ProcessName): Part => {
    const part = parts.get(name);
    if (part === undefined) throw new TypeError(`${name} is not a process of this system`);
    return part;
  };
  const untilReady = async (part: Part, signal: AbortSignal) => {
    const deadline = AbortSignal.timeout(readyTimeoutMilliseconds);
    const probe = { url: part.definition.healthUrl(addresses), authority };
    try {
      await waitUntilReady(probe, AbortSignal.any([signal, deadline]));
    } catch (error) {
      signal.throwIfAborted();
      if (!deadline.aborted) throw error;
      throw new ProcessFailure(`${part.definition.name} does not answer`, part.log);
    }
  };
  const balancers: Balancers | undefined = options.gateways === 2 ? await startBalancers(addresses) : undefined;
  const stopAll = async () => {
    clearInterval(noticeTimer);
    await Promise.all([...parts.values()].map((part) => part.process.stop()));
    await Promise.all([balancers?.public.close(), balancers?.internal.close()]);
    for (const part of parts.values()) part.log.close();
  };
  const noticeTimer = summariseLogs([...parts.values()], options.onNotice);

  const signal = options.signal === undefined ? startup.signal : AbortSignal.any([options.signal, startup.signal]);
  let accounts: readonly DemoAccount[];
  let commandLineClient: string | undefined;
  try {
    signal.throwIfAborted();
    // The first gateway makes the demo accounts: the second must not make the same ones meanwhile.
    const second = parts.get('gateway-2');
    const first = [...parts.values()].filter((part) => part !== second);
    for (const part of first) part.process.start();
    await Promise.all(first.map((part) => untilReady(part, signal)));
    if (second !== undefined) {
      await copyDemoAccounts(dataDir, addresses.gateways['gateway-2']?.dataDir);
      second.process.start();
      await untilReady(second, signal);
    }
    const gateway = parts.get('gateway');
    if (gateway !== undefined && parts.has('shell')) await requirePage(gateway, addresses, authority, signal);
    accounts = gateway === undefined ? [] : await readDemoAccounts(dataDir);
    commandLineClient = await readCommandLineClient(dataDir);
    isUp = true;
  } catch (error) {
    await stopAll();
    throw error;
  }

  return {
    url: addresses.publicUrl,
    mailbox: `http://127.0.0.1:${addresses.mailboxPort}`,
    acmeSso: parts.has('acme-sso') ? acmeSsoUrl(addresses) : undefined,
    authority: options.tls?.caFile,
    accounts,
    commandLineClient,
    services: definitions.flatMap(({ name, path: servicePath }) =>
      servicePath === undefined ? [] : [{ name, path: servicePath }],
    ),
    logFolder,
    gateways: gatewaysOf(addresses),
    routeTo(...names) {
      const chosen = gatewaysOf(addresses).filter(({ name }) => names.includes(name));
      balancers?.public.routeTo(chosen.map(({ publicPort }) => publicPort));
      balancers?.internal.routeTo(chosen.map(({ internalPort }) => internalPort));
    },
    async start(name) {
      const part = partOf(name);
      part.process.start();
      await untilReady(part, new AbortController().signal);
    },
    stop: async (name) => (name === undefined ? stopAll() : partOf(name).process.stop()),
    kill: async (name, killSignal = 'SIGKILL') => partOf(name).process.kill(killSignal),
    pid: (name) => partOf(name).process.pid,
    lastLines: (name, count = 15) => partOf(name).log.lastLines(count),
  };
}

interface Part {
  readonly definition: ProcessDefinition;
  readonly log: ProcessLog;
  readonly process: SupervisedProcess;
}

/** People keep the mailbox open in a tab: its address stays the same from start to start, unless another process took it. */
const mailboxPortOffset = 25;
/** Likewise: the issuer is half of the identity of an account that is connected to it. */
const acmeSsoPortOffset = 26;

async function choosePort(publicPort: number | undefined, offset: number, otherwise: number): Promise<number> {
  if (publicPort === undefined) return otherwise;
  const preferred = publicPort + offset;
  return preferred <= 65_535 && (await checkPort(preferred)) === 'free' ? preferred : otherwise;
}

async function chooseAddresses(options: SystemOptions, dataDir: string): Promise<Addresses> {
  const [spare = 0, internalPort = 0, anyPort = 0, smtpPort = 0, ssoPort = 0, ...more] = await findFreePorts(
    9 + topology.length,
  );
  const [firstPublic = 0, firstInternal = 0, secondPublic = 0, secondInternal = 0, ...upstreamPorts] = more;
  const publicPort = options.port ?? spare;
  const scheme = options.tls === undefined ? 'http' : 'https';
  const areTwo = options.gateways === 2;
  return {
    publicUrl: options.publicUrl ?? `${scheme}://localhost:${publicPort}`,
    publicPort,
    internalPort,
    mailboxPort: await choosePort(options.port, mailboxPortOffset, anyPort),
    smtpPort: areTwo ? smtpPort : undefined,
    acmeSso: {
      port: await choosePort(options.port, acmeSsoPortOffset, ssoPort),
      clientSecret: randomBytes(32).toString('base64url'),
    },
    payments: {
      key: randomBytes(32).toString('base64url'),
      webhookSecret: `whsec_${randomBytes(32).toString('base64')}`,
    },
    gateways: areTwo
      ? {
          gateway: { publicPort: firstPublic, internalPort: firstInternal, dataDir },
          'gateway-2': {
            publicPort: secondPublic,
            internalPort: secondInternal,
            dataDir: path.join(dataDir, 'gateway-2'),
          },
        }
      : { gateway: { publicPort, internalPort, dataDir } },
    ports: portsOf(upstreamPorts),
    dataDir,
    stores: options.stores ?? {},
    // A new one for each system, unless there is one to share: what it sealed in a database is of no use to the next.
    secret: areTwo ? (process.env['SALLYPORT_SECRET'] ?? randomBytes(32).toString('base64url')) : undefined,
    certFile: options.tls?.certFile,
    keyFile: options.tls?.keyFile,
    caFile: options.tls?.caFile,
  };
}

function portsOf(free: readonly number[]): Addresses['ports'] {
  // A port for every name: there are as many of both.
  return Object.fromEntries(topology.map(({ name }, index) => [name, free[index] ?? 0])) as Addresses['ports'];
}

interface Balancers {
  readonly public: LoadBalancer;
  readonly internal: LoadBalancer;
}

async function startBalancers(addresses: Addresses): Promise<Balancers> {
  const { publicPort, internalPort } = addresses;
  const gateways = gatewaysOf(addresses);
  return {
    public: await startLoadBalancer({ port: publicPort, targets: gateways.map((gateway) => gateway.publicPort) }),
    internal: await startLoadBalancer({ port: internalPort, targets: gateways.map((gateway) => gateway.internalPort) }),
  };
}

function gatewaysOf({ gateways }: Addresses): readonly ({ readonly name: GatewayName } & GatewayPlace)[] {
  return (['gateway', 'gateway-2'] as const).flatMap((name) => {
    const place = gateways[name];
    return place === undefined ? [] : [{ name, ...place }];
  });
}

/** A healthy process says little: the first page has to come through the gateway as well. */
async function requirePage(
  gateway: Part,
  addresses: Addresses,
  authority: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const deadline = AbortSignal.timeout(readyTimeoutMilliseconds);
  try {
    await waitUntilReady({ url: `${addresses.publicUrl}/`, authority }, AbortSignal.any([signal, deadline]));
  } catch (error) {
    signal.throwIfAborted();
    if (!deadline.aborted) throw error;
    throw new ProcessFailure('No page comes through the gateway', gateway.log);
  }
}

/** The gateway process writes the file on the first start of a data folder. */
/** Both enter them without a password that is typed, and so have to know the same one. */
async function copyDemoAccounts(from: string, to: string | undefined): Promise<void> {
  if (to === undefined) return;
  await mkdir(to, { recursive: true, mode: 0o700 });
  const file = path.join(from, demoAccountsFile);
  await copyFile(file, path.join(to, demoAccountsFile)).catch(() => undefined);
}

async function readDemoAccounts(dataDir: string): Promise<readonly DemoAccount[]> {
  const text = await readFile(path.join(dataDir, demoAccountsFile), 'utf8').catch(() => '[]');
  const accounts: unknown = JSON.parse(text);
  return Array.isArray(accounts) ? accounts.filter(isDemoAccount) : [];
}

async function readCommandLineClient(dataDir: string): Promise<string | undefined> {
  const text = await readFile(path.join(dataDir, demoCommandLineFile), 'utf8').catch(() => '{}');
  const { clientId } = JSON.parse(text) as { readonly clientId?: unknown }; // An object, written by the gateway.
  return typeof clientId === 'string' ? clientId : undefined;
}

function isDemoAccount(value: unknown): value is DemoAccount {
  if (typeof value !== 'object' || value === null) return false;
  if (!('email' in value && 'password' in value && 'roles' in value)) return false;
  return typeof value.email === 'string' && typeof value.password === 'string' && Array.isArray(value.roles);
}

function summariseLogs(
  parts: readonly Part[],
  onNotice: ((notice: string) => void) | undefined,
): NodeJS.Timeout | undefined {
  if (onNotice === undefined) return undefined;
  return setInterval(() => {
    for (const { log, definition } of parts) {
      const { warnings, errors, lost } = log.takeCounts();
      if (lost > 0) onNotice(`${definition.name}: ${plural(lost, 'log line')} could not be written to ${log.file}`);
      if (errors + warnings === 0) continue;
      onNotice(`${definition.name}: ${plural(errors, 'error')}, ${plural(warnings, 'warning')}; see ${log.file}`);
    }
  }, 10_000).unref();
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
