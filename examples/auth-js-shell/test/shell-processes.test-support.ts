import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A shell that runs as a process of its own. */
export interface ShellProcess {
  /** Where this process listens; browsers know the address of the shell, which is that of the first process. */
  readonly address: string;
  /** What it wrote to its error output. */
  log(): string;
  kill(): Promise<void>;
}

export interface ShellProcessOptions {
  readonly shellUrl: string;
  readonly port: number;
  readonly issuer: string;
  readonly gatewayUrl: string;
  readonly storage: 'vault' | 'cookie';
  readonly databaseUrl?: string | undefined;
  readonly clientSecret: string;
  /** More variables, or others. */
  readonly environment?: Readonly<Record<string, string>>;
}

export const testSecret = 'Zm9yLXRlc3RzLW9ubHktbm90LWEtcmVhbC1vbmUtMTIzNDU2Nzg5';

/** Starts a shell and waits until it listens. */
export async function startShellProcess(options: ShellProcessOptions): Promise<ShellProcess> {
  const { shellUrl, port, issuer, gatewayUrl, storage, databaseUrl, clientSecret, environment = {} } = options;
  let log = '';
  const child = fork(new URL('shell-process.test-support.ts', import.meta.url), [], {
    execArgv: ['--conditions=@sallyport/source', '--conditions=react-server', '--disable-warning=ExperimentalWarning'],
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      NEXTAUTH_URL: shellUrl,
      NEXTAUTH_SECRET: testSecret,
      SALLYPORT_ISSUER: issuer,
      SALLYPORT_GATEWAY_URL: gatewayUrl,
      SHELL_CLIENT_ID: 'shell',
      SHELL_CLIENT_SECRET: clientSecret,
      SHELL_STORAGE: storage,
      ...(databaseUrl === undefined ? {} : { SHELL_DATABASE_URL: databaseUrl }),
      SHELL_PORT: String(port),
      ...environment,
    },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  await untilReady(child, () => log);
  return {
    address: `http://127.0.0.1:${port}`,
    log: () => log,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function untilReady(child: ChildProcess, log: () => string): Promise<void> {
  const ended = new AbortController();
  child.once('exit', () => ended.abort());
  try {
    await once(child, 'message', { signal: ended.signal });
  } catch {
    throw new Error(`the shell ended before it listened:\n${log()}`);
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
