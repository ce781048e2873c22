import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { createTestAuthority } from '../../tools/launch/test-authority.ts';
import { waitUntilReady } from '../../tools/launch/wait-until-ready.ts';
import type { FrontKind } from './front-kinds.ts';
import { readDeployed } from './start-proxy.ts';

/** A proxy in a folder of its own. */
export interface StartedFront {
  readonly httpPort: number;
  readonly port: number;
  readonly ca: string;
  stop(): Promise<void>;
}

/** What a test has otherwise than the file that ships. */
export interface FrontChange {
  /** Changes the configuration after names and ports were replaced. */
  readonly edit?: (config: string, folder: string) => string;
}

/** Starts a proxy with the file that ships, in front of what listens on a port, and waits until it serves. */
export async function startFront(
  kind: FrontKind,
  gatewayPort: number,
  { edit = (config) => config }: FrontChange = {},
): Promise<StartedFront> {
  const folder = await mkdtemp(path.join(tmpdir(), 'front-'));
  const [httpPort = 0, port = 0] = await findFreePorts(2);
  const { caFile, certFile, keyFile } = await createTestAuthority(folder);
  const bundleFile = path.join(folder, 'bundle.pem');
  await writeFile(bundleFile, `${await readFile(certFile, 'utf8')}\n${await readFile(keyFile, 'utf8')}`);
  const at = { httpPort, httpsPort: port, gatewayPort, certFile, keyFile, bundleFile };
  const running = await kind.start(folder, edit(await readDeployed(kind.file, kind.changes(at)), folder));
  const ca = await readFile(caFile, 'utf8');
  const probe = { url: `https://app.test:${port}/open/ready`, authority: ca, host: 'app.test' };
  await waitUntilReady(probe, AbortSignal.timeout(30_000));
  return {
    httpPort,
    port,
    ca,
    stop: async () => {
      await running.stop();
      await rm(folder, { recursive: true });
    },
  };
}
