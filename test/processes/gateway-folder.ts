import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adminAddressFile, type ConfigInput } from '@sallyport/server';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { startGatewayProcess, type GatewayProcess } from './gateway-process.ts';

/** A folder with a configuration, in which gateways run as processes. */
export interface GatewayFolder {
  readonly origin: string;
  readonly folder: string;
  /** Where the admin listener of a gateway in this folder is. */
  readonly adminOrigin: string;
  /** Replaces the configuration file as a whole. */
  write(change?: Partial<ConfigInput>, text?: string): void;
  start(environment?: Readonly<Record<string, string>>): Promise<GatewayProcess>;
  remove(): void;
}

export interface GatewayFolderOptions {
  readonly config: Partial<ConfigInput> & Pick<ConfigInput, 'routes'>;
  readonly environment?: Readonly<Record<string, string>>;
}

/** The secret of gateways that share stores. */
export const testSecret = 'kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA';

/** Roles and permissions of gateways in folders, unless their configuration has others. */
export const folderPolicy = {
  permissions: { 'product:read': 'List and read products', 'product:create': 'Create products' },
  roles: { user: ['product:read'], vendor: ['product:read', 'product:create'], admin: ['product:read'] },
} satisfies ConfigInput['policy'];

/** Makes a folder for gateways on free ports; `remove()` ends those that still run. */
export async function createGatewayFolder(options: GatewayFolderOptions): Promise<GatewayFolder> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-process-'));
  const dataDir = join(folder, 'data');
  mkdirSync(dataDir, { mode: 0o700 });
  const [port = 0] = await findFreePorts(1);
  const origin = `http://localhost:${port}`;
  const file = join(folder, 'sallyport.config.ts');
  const running = new Set<GatewayProcess>();
  const write = (change: Partial<ConfigInput> = {}, text?: string): void => {
    const config = {
      publicUrl: origin,
      listen: { port },
      mail: { from: 'Sallyport <no-reply@localhost>' },
      admin: { port: 0 },
      policy: folderPolicy,
      passwords: { answerFloorMilliseconds: 100 },
      ...options.config,
      ...change,
    };
    // Renamed into place: a gateway never reads half a file.
    writeFileSync(`${file}.new`, text ?? `export default ${JSON.stringify(config)};\n`);
    renameSync(`${file}.new`, file);
  };
  write();
  return {
    origin,
    folder,
    get adminOrigin() {
      return readFileSync(join(dataDir, adminAddressFile), 'utf8').trim();
    },
    write,
    start: async (environment = {}) => {
      const started = await startGatewayProcess({
        cwd: folder,
        environment: {
          SALLYPORT_DATA_DIR: dataDir,
          SALLYPORT_SECRET: testSecret,
          // Nothing listens on the port of discard, and nothing is mailed.
          SMTP_URL: 'smtp://127.0.0.1:9',
          ...options.environment,
          ...environment,
        },
      });
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
