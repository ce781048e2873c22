import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import path from 'node:path';
import { upstreamVariables } from '../demo/topology.ts';
import { findFreePorts } from '../tools/launch/free-ports.ts';
import { workspaceRoot } from '../tools/workspace-root.ts';
import { pinnedCommand } from './cores.ts';

/** The built gateway in a process of its own, as `npm start` starts it. */
export interface RunningGateway {
  readonly port: number;
  readonly process: ChildProcess;
  /** From the start of the process to the line that says that it serves. */
  readonly readyAfterMilliseconds: number;
  residentBytes(): number;
  stop(): Promise<void>;
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
  const [command = '', ...parameters] = pinnedCommand(core, [process.execPath, ...nodeOptions, program]);
  const startedAt = performance.now();
  const child = spawn(command, parameters, {
    // Nowhere is a configuration: with one it would not be the demonstration.
    cwd: path.join(workspaceRoot, 'bench'),
    stdio: ['ignore', 'pipe', 2, 'ipc'],
    env: {
      PATH: process.env['PATH'],
      PORT: String(port),
      HOSTNAME: '127.0.0.1',
      SALLYPORT_PUBLIC_URL: publicUrl,
      SALLYPORT_DATA_DIR: dataDir,
      SALLYPORT_INTERNAL_PORT: String(internalPort),
      SALLYPORT_MAILBOX_PORT: String(mailboxPort),
      ...upstreamVariables(() => upstream),
    },
  });
  const lines = createInterface(child.stdout ?? process.stdin);
  const readyAfterMilliseconds = await new Promise<number>((resolve, reject) => {
    lines.on('line', (line) => {
      if (line.includes('gateway ready')) resolve(performance.now() - startedAt);
    });
    child.once('exit', (code) => reject(new Error(`the gateway ended with ${code}`)));
    child.once('error', reject);
  });
  return {
    port,
    process: child,
    readyAfterMilliseconds,
    residentBytes: () => residentBytesOf(child.pid ?? 0),
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Signs a demo account in, and resolves to the cookie of its session. */
export async function signInAtGateway({ port }: RunningGateway, dataDir: string): Promise<string> {
  // The gateway wrote it itself, for users of the demonstration.
  const accounts = JSON.parse(await readFile(path.join(dataDir, 'demo-accounts.json'), 'utf8')) as readonly {
    readonly email: string;
    readonly password: string;
  }[];
  const { email = '', password = '' } = accounts[0] ?? {};
  const { host, origin } = new URL(publicUrl);
  // Not `fetch`, which names the host that it connects to.
  const sent = request({
    port,
    host: '127.0.0.1',
    method: 'POST',
    path: '/auth/sign-in/email',
    headers: { host, origin, 'content-type': 'application/json' },
  });
  sent.end(JSON.stringify({ email, password }));
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  answer.resume();
  const [cookie] = (answer.headers['set-cookie'] ?? []).map((line) => line.split(';', 1)[0] ?? '');
  if (answer.statusCode !== 200 || cookie === undefined)
    throw new Error(`signing in was answered with ${answer.statusCode}`);
  return cookie;
}

function residentBytesOf(pid: number): number {
  const kibibytes = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kibibytes ?? NaN) * 1024;
}
