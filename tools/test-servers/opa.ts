import { existsSync } from 'node:fs';
import { buildGoProgram, builtGoProgram, type GoProgram } from './build-go-program.ts';
import { findProgram } from './find-program.ts';
import { startServerProcess } from './server-process.ts';
import { absentServer, ownServer, type TestServer } from './test-server.ts';

const opa: GoProgram = {
  name: 'opa',
  title: 'Open Policy Agent',
  sources: ['go.mod', 'go.sum'],
  arguments: ['github.com/open-policy-agent/opa'],
};

/**
 * Starts Open Policy Agent on 127.0.0.1 without a policy: `opa` of the search path, or built from the Go module proxy, once,
 * which takes minutes. Policies are put by its API.
 *
 * @param programArguments what `opa run --server` is given beside its address.
 */
export async function startOpa(signal?: AbortSignal, programArguments: readonly string[] = []): Promise<TestServer> {
  const program = findProgram('opa') ?? (await build(signal));
  if (program === undefined) return absentServer('neither opa nor go (to build it) was found');
  const server = await startServerProcess({
    name: 'opa',
    program,
    programArguments: (port) => [
      'run',
      '--server',
      `--addr=127.0.0.1:${port}`,
      '--disable-telemetry',
      '--log-level=error',
      ...programArguments,
    ],
    isReady: isHealthy,
  });
  return ownServer(`http://127.0.0.1:${server.port}`, server);
}

async function build(signal: AbortSignal | undefined): Promise<string | undefined> {
  const file = builtGoProgram(opa);
  if (existsSync(file)) return file;
  const go = findProgram('go', ['/usr/local/go/bin']);
  if (go === undefined) return undefined;
  await buildGoProgram(opa, go, file, signal);
  return file;
}

/** Anything that answers: with a token demanded, the page says 401. */
async function isHealthy(port: number): Promise<boolean> {
  try {
    const { status } = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(2000) });
    return status === 200 || status === 401;
  } catch {
    return false;
  }
}
