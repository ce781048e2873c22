import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { upstreamVariables } from '../demo/topology.ts';
import { startGatewayProcess, type GatewayProcess } from '../test/processes/gateway-process.ts';
import { signIn } from '../test/processes/sign-in.ts';
import { findFreePorts } from '../tools/launch/free-ports.ts';
import { workspaceRoot } from '../tools/workspace-root.ts';
import { pinnedCommand } from './cores.ts';

/** The built gateway in a process of its own, as `npm start` starts it. */
export interface RunningGateway extends GatewayProcess {
  residentBytes(): number;
}

export interface GatewayOptions {
  readonly dataDir: string;
  readonly upstreamPort: number;
  readonly core?: number | undefined;
  readonly nodeOptions?: readonly string[];
}

/** Where browsers believe the gateway to be. */
export const publicUrl = 'http://localhost:3000';

/** Starts the gateway in demo mode, on what is embedded, and waits until it serves. */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const { dataDir, upstreamPort, core, nodeOptions = [] } = options;
  const [port = 0, internalPort, mailboxPort] = await findFreePorts(3);
  const upstream = `http://127.0.0.1:${upstreamPort}`;
  const program = path.join(workspaceRoot, 'apps/gateway/dist/main.js');
  const gateway = await startGatewayProcess({
    command: pinnedCommand(core, [process.execPath, ...nodeOptions, program]),
    // The configuration there is the demo's.
    cwd: workspaceRoot,
    // It logs a line for each request of the load.
    keptLines: 20,
    hasChannel: true,
    environment: {
      PATH: process.env['PATH'],
      PORT: String(port),
      HOSTNAME: '127.0.0.1',
      SALLYPORT_PUBLIC_URL: publicUrl,
      SALLYPORT_DATA_DIR: dataDir,
      SALLYPORT_INTERNAL_PORT: String(internalPort),
      DEMO_MAILBOX_PORT: String(mailboxPort),
      ...upstreamVariables(() => upstream),
    },
  });
  return { ...gateway, residentBytes: () => residentBytesOf(gateway.pid) };
}

/** Signs a demo account in, and resolves to the cookie of its session. */
export async function signInAtGateway({ port }: RunningGateway, dataDir: string): Promise<string> {
  // The gateway wrote it itself, for users of the demonstration.
  const accounts = JSON.parse(await readFile(path.join(dataDir, 'demo-accounts.json'), 'utf8')) as readonly {
    readonly email: string;
    readonly password: string;
  }[];
  const { email = '', password = '' } = accounts[0] ?? {};
  return signIn(`http://127.0.0.1:${port}`, { email, password }, publicUrl);
}

function residentBytesOf(pid: number): number {
  const kibibytes = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kibibytes ?? NaN) * 1024;
}
