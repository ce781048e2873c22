import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { adminAddressFile } from '../admin/open-admin.ts';
import type { ConfigInput } from '../config/config-schema.ts';
import { demoPolicy } from '../demo/demo-policy.ts';
import { freePort } from './test-gateway.ts';

/** A folder with a configuration, in which gateways run as processes. */
export interface GatewayFolder {
  readonly origin: string;
  readonly folder: string;
  /** Replaces the configuration file as a whole. */
  write(change?: Partial<ConfigInput>, text?: string): void;
  start(environment?: Readonly<Record<string, string>>): Promise<GatewayProcess>;
  remove(): void;
}

/** A gateway that runs as a process of its own. */
export interface GatewayProcess {
  readonly pid: number;
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  /** Where its admin listener is. */
  readonly adminOrigin: string;
  signal(name: NodeJS.Signals): void;
  /** Resolves to its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

export interface GatewayFolderOptions {
  readonly config: Partial<ConfigInput> & Pick<ConfigInput, 'routes'>;
  readonly environment?: Readonly<Record<string, string>>;
}

/** The secret of gateways that share stores. */
export const testSecret = 'kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA';

/** Makes a folder for gateways on free ports; `remove()` ends those that still run. */
export async function createGatewayFolder(options: GatewayFolderOptions): Promise<GatewayFolder> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-process-'));
  const dataDir = join(folder, 'data');
  mkdirSync(dataDir, { mode: 0o700 });
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const file = join(folder, 'sallyport.config.ts');
  const running = new Set<GatewayProcess>();
  const write = (change: Partial<ConfigInput> = {}, text?: string): void => {
    const config = {
      publicUrl: origin,
      listen: { port },
      mail: { from: 'Sallyport <no-reply@localhost>' },
      admin: { port: 0 },
      policy: demoPolicy,
      passwords: { answerFloorMilliseconds: 100 },
      ...options.config,
      ...change,
    };
    // Renamed into place: no reader sees half a file.
    writeFileSync(`${file}.new`, text ?? `export default ${JSON.stringify(config)};\n`);
    renameSync(`${file}.new`, file);
  };
  write();
  return {
    origin,
    folder,
    write,
    start: async (environment = {}) => {
      const started = await startProcess(folder, dataDir, { ...options.environment, ...environment });
      running.add(started);
      void started.ended.then(() => running.delete(started));
      return started;
    },
    remove: () => {
      for (const left of running) left.signal('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startProcess(
  folder: string,
  dataDir: string,
  environment: Readonly<Record<string, string>>,
): Promise<GatewayProcess> {
  const program = fileURLToPath(new URL('../../../../apps/gateway/src/main.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    ['--conditions=@sallyport/source', '--disable-warning=ExperimentalWarning', program],
    {
      cwd: folder,
      env: {
        SALLYPORT_DATA_DIR: dataDir,
        SALLYPORT_SECRET: testSecret,
        // Nothing listens on the port of discard, and nothing is mailed.
        SMTP_URL: 'smtp://127.0.0.1:9',
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const lines: Readonly<Record<string, unknown>>[] = [];
  const errors: string[] = [];
  const ready = Promise.withResolvers<void>();
  createInterface(child.stdout).on('line', (text) => {
    const line = JSON.parse(text) as Readonly<Record<string, unknown>>;
    lines.push(line);
    if (line['message'] === 'gateway ready') ready.resolve();
  });
  createInterface(child.stderr).on('line', (text) => errors.push(text));
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => {
      ready.reject(new Error(`the gateway ended: ${errors.join('\n')}`));
      resolve(code ?? signal ?? 'unknown');
    });
  });
  await ready.promise;
  return {
    pid: child.pid ?? 0,
    lines,
    get adminOrigin() {
      return readFileSync(join(dataDir, adminAddressFile), 'utf8').trim();
    },
    signal: (name) => void child.kill(name),
    ended,
  };
}
