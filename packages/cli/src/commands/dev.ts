import { createServer, type AddressInfo } from 'node:net';
import { resolve as resolvePath } from 'node:path';
import { fileURLToPath } from 'node:url';
import { once } from 'node:events';
import { exitCodes, UsageError } from '@sallyport/core';
import { loadConfig, readEnvironment, withoutSecrets } from '@sallyport/server';
import type { Command } from '../command.ts';
import { developmentFileName, readDevelopmentFile } from '../dev/development-file.ts';
import { runTogether } from '../dev/run-together.ts';

/** Of an operator, and of a terminal that is closed: the processes are in groups of their own and would outlive it. */
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const program = fileURLToPath(new URL('../../bin/sallyport.mjs', import.meta.url));

/** Runs the gateway and the applications behind it on this machine, for development. Resolves when they have ended. */
export const dev: Command = {
  name: 'dev',
  summary: 'Runs the gateway and the applications of this folder together, for development',
  notes: [
    `${developmentFileName} says what runs beside the gateway; "sallyport init" writes it. The applications get`,
    'SALLYPORT_PUBLIC_URL, SALLYPORT_INTERNAL_URL and SALLYPORT_AUDIENCE, and none of the secrets of the gateway.',
    'Ctrl-C ends all; so does the end of one.',
  ],
  run: async ({ terminal, note }) => {
    const { environment, workingFolder, output } = terminal;
    if (environment['NODE_ENV'] === 'production')
      throw new UsageError('NODE_ENV is production: "sallyport start" runs the gateway there, alone.', exitCodes.usage);
    const { applications } = readDevelopmentFile(workingFolder);
    const { config } = await loadConfig(readEnvironment(environment), workingFolder);
    const internalPort = config.internal.port === 0 ? await findFreePort() : config.internal.port;
    const shared = {
      ...environment,
      SALLYPORT_PUBLIC_URL: config.publicUrl,
      SALLYPORT_INTERNAL_URL: `http://127.0.0.1:${internalPort}`,
    };
    const stopping = new AbortController();
    const stop = (): void => stopping.abort();
    for (const signal of stopSignals) process.on(signal, stop);
    note(`Open ${config.publicUrl}. Ctrl-C ends all.`);
    try {
      const ended = await runTogether({
        output,
        stop: stopping.signal,
        processes: [
          {
            name: 'gateway',
            command: [process.execPath, program, 'start'],
            folder: workingFolder,
            environment: { ...shared, SALLYPORT_INTERNAL_PORT: String(internalPort) },
          },
          ...applications.map(({ name, folder, run, environment: own }) => ({
            name,
            command: run,
            folder: resolvePath(workingFolder, folder),
            environment: { ...withoutSecrets(shared), SALLYPORT_AUDIENCE: name, ...own },
          })),
        ],
      });
      if (ended === undefined) return exitCodes.done;
      throw new UsageError(
        `${ended} has ended, and all others with it. Its last lines say why.`,
        exitCodes.unavailable,
      );
    } finally {
      for (const signal of stopSignals) process.off(signal, stop);
    }
  },
};

async function findFreePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo; // It listens on TCP.
  server.close();
  return port;
}
