import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A gateway in a process of its own. */
export interface GatewayProcess {
  readonly pid: number;
  readonly port: number;
  readonly internalPort: number;
  readonly origin: string;
  readonly internalOrigin: string;
  /** The end of its log. */
  lastLines(): readonly string[];
  stop(): Promise<void>;
}

/** Starts a gateway with a configuration, from a module of this folder, and waits until it serves. */
export async function startGatewayProcess(
  config: object,
  environment: Readonly<Record<string, string>>,
): Promise<GatewayProcess> {
  const program = fileURLToPath(new URL('rotating-gateway.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    ['--conditions=@sallyport/source', '--disable-warning=ExperimentalWarning', program, JSON.stringify(config)],
    { env: { PATH: process.env['PATH'] ?? '', ...environment }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const lines: string[] = [];
  const ready = Promise.withResolvers<{ port: number; internalPort: number }>();
  for (const stream of [child.stdout, child.stderr])
    createInterface(stream).on('line', (line) => {
      lines.push(line);
      if (lines.length > 200) lines.shift();
      // Lines of ours are JSON.
      if (line.includes('gateway ready')) ready.resolve(JSON.parse(line) as { port: number; internalPort: number });
    });
  child.once('exit', () => ready.reject(new Error(`the gateway ended: ${lines.join('\n')}`)));
  const { port, internalPort } = await ready.promise;
  return {
    pid: child.pid ?? 0,
    port,
    internalPort,
    origin: `http://localhost:${port}`,
    internalOrigin: `http://127.0.0.1:${internalPort}`,
    lastLines: () => [...lines],
    stop: () => stop(child),
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGCONT');
  child.kill('SIGTERM');
  await ended;
}
