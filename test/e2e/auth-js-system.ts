import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { promisify } from 'node:util';
import { buildNextApp, standaloneServer } from '../../tools/build/build-next-app.ts';
import { exampleNextApps } from '../../tools/build/next-apps.ts';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { openProcessLog } from '../../tools/launch/process-log.ts';
import { createSupervisedProcess } from '../../tools/launch/supervised-process.ts';
import { waitUntilReady } from '../../tools/launch/wait-until-ready.ts';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import { startOwnSystem, type OwnSystem } from './own-system.ts';
import { sharedSystem } from './shared-system.ts';

const run = promisify(execFile);
const [shell] = exampleNextApps;

/** A system with a shell whose sessions are next-auth's, on another origin than the gateway. */
export interface AuthJsSystem {
  readonly system: OwnSystem;
  readonly shellUrl: string;
  /** The end of the log of the shell. */
  shellLog(): string;
  dispose(): Promise<void>;
}

/** Starts the demo with a provider, registers the shell there by the command line, and starts it as it was built. */
export async function startAuthJsSystem(storage: 'vault' | 'cookie'): Promise<AuthJsSystem> {
  await buildNextApp(workspaceRoot, shell);
  const [port = 0] = await findFreePorts(1);
  const shellUrl = `http://localhost:${port}`;
  const system = await startOwnSystem({ gatewayEnvironment: demoEnvironment(shellUrl) });
  try {
    const client = await registerShell(system, shellUrl);
    const stop = await startShell({ system, shellUrl, port, client, storage });
    return {
      system,
      shellUrl,
      shellLog: stop.log,
      async dispose() {
        await stop.end();
        await system.dispose();
      },
    };
  } catch (error) {
    await system.dispose();
    throw error;
  }
}

interface RegisteredClient {
  readonly id: string;
  readonly secret: string;
}

async function registerShell(system: OwnSystem, shellUrl: string): Promise<RegisteredClient> {
  const options = {
    name: 'Auth.js shell',
    trust: 'first-party',
    authentication: 'client_secret_basic',
    grant: ['authorization_code', 'refresh_token'],
    'redirect-uri': `${shellUrl}/api/auth/callback/sallyport`,
    'post-logout-redirect-uri': `${shellUrl}/auth/signed-out/return`,
    'backchannel-logout-uri': `${shellUrl}/auth/backchannel-logout`,
    scope: ['openid', 'profile', 'email', 'offline_access'],
    resource: system.url,
  };
  const given = Object.entries(options).flatMap(([name, value]) => [value].flat().flatMap((one) => [`--${name}`, one]));
  const { stdout } = await run(
    process.execPath,
    [path.join(workspaceRoot, 'packages/cli/bin/sallyport.mjs'), 'oauth-clients', 'create', ...given, '--json'],
    { cwd: workspaceRoot, env: { ...process.env, ...environmentOfCommands(system, shellUrl) } },
  );
  const { client, secret } = JSON.parse(stdout) as { client: { id: string }; secret: string };
  return { id: client.id, secret };
}

/** The demo has a provider where it is told of a client. */
function demoEnvironment(shellUrl: string): Readonly<Record<string, string>> {
  return { DEMO_OAUTH_CLIENT_HOSTS: new URL(shellUrl).host };
}

/** A command finds the running gateway by the folder of its data. */
function environmentOfCommands({ dataDir, url }: OwnSystem, shellUrl: string): Readonly<Record<string, string>> {
  return { ...demoEnvironment(shellUrl), SALLYPORT_DATA_DIR: dataDir, SALLYPORT_PUBLIC_URL: url };
}

interface ShellParts {
  readonly system: OwnSystem;
  readonly shellUrl: string;
  readonly port: number;
  readonly client: RegisteredClient;
  readonly storage: 'vault' | 'cookie';
}

async function startShell({ system, shellUrl, port, client, storage }: ShellParts) {
  const log = openProcessLog(path.join(system.logFolder, 'auth-js-shell.log'));
  const child = createSupervisedProcess({
    name: 'shell',
    cwd: workspaceRoot,
    nodeArguments: [standaloneServer(workspaceRoot, shell)],
    environment: {
      PATH: process.env['PATH'],
      PORT: String(port),
      HOSTNAME: '127.0.0.1',
      NODE_ENV: 'production',
      NODE_EXTRA_CA_CERTS: sharedSystem.authority.caFile,
      NEXTAUTH_URL: shellUrl,
      NEXTAUTH_SECRET: randomBytes(32).toString('base64url'),
      SALLYPORT_ISSUER: system.url,
      SHELL_CLIENT_ID: client.id,
      SHELL_CLIENT_SECRET: client.secret,
      SHELL_STORAGE: storage,
      ...(storage === 'vault' ? { SHELL_DATABASE_URL: `sqlite:${path.join(system.dataDir, 'shell.db')}` } : {}),
    },
    log,
    onExit: 'stop',
    onLost: () => {},
    onRestart: () => {},
  });
  child.start();
  await waitUntilReady({ url: `${shellUrl}/healthz`, authority: undefined }, AbortSignal.timeout(60_000));
  return {
    log: () => log.lastLines(200).join('\n'),
    async end() {
      await child.stop();
      log.close();
    },
  };
}
