import { unwatchFile, watchFile } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { isatty } from 'node:tty';
import { resolve as resolvePath } from 'node:path';
import { fileURLToPath } from 'node:url';
import { once } from 'node:events';
import { exitCodes, isLoopbackHost, UsageError } from '@sallyport/core';
import { loadConfig, readEnvironment, withoutSecrets, type Config } from '@sallyport/server';
import type { Command } from '../command.ts';
import { developmentFileName, readDevelopmentFile } from '../dev/development-file.ts';
import { watchGateway, type GatewayWatch } from '../dev/gateway-watch.ts';
import type { ProcessGroup } from '../dev/process-group.ts';
import { requireInstalled } from '../dev/require-installed.ts';
import { runTogether } from '../dev/run-together.ts';
import { untilAnswering } from '../dev/until-answering.ts';

const stopSignals = ['SIGINT', 'SIGTERM'] as const;
/** How often it is looked whether the configuration file has changed. */
const watchMilliseconds = 500;

/** How often it is looked whether the process that started this one is there. */
const parentMilliseconds = 500;

/** How long applications are waited for before the address is named all the same. */
const patienceMilliseconds = 60_000;

const program = fileURLToPath(new URL('../../bin/sallyport.mjs', import.meta.url));

/** Runs the gateway and the applications behind it on this machine, for development. Resolves when they have ended. */
export const dev: Command = {
  name: 'dev',
  summary: 'Runs the gateway and the applications of this folder together, for development',
  notes: [
    `${developmentFileName} says what runs beside the gateway; "sallyport init" writes it. The applications get`,
    'SALLYPORT_PUBLIC_URL, SALLYPORT_INTERNAL_URL and SALLYPORT_AUDIENCE, and none of the secrets of the gateway but the one that',
    'they share with it, where the configuration says so (SALLYPORT_TOKEN_SECRET).',
    'Ctrl-C ends all; so does the end of one. The gateway reads a configuration file that has changed again, and says what it',
    'cannot change while it runs.',
  ],
  run: async ({ terminal, note }) => {
    const { environment, workingFolder, output, errors } = terminal;
    if (environment['NODE_ENV'] === 'production')
      throw new UsageError('NODE_ENV is production: "sallyport start" runs the gateway there, alone.', exitCodes.usage);
    const development = readDevelopmentFile(workingFolder);
    requireInstalled(development, workingFolder);
    const { applications } = development;
    const { config, path } = await loadConfig(readEnvironment(environment), workingFolder);
    const internalPort = config.internal.port === 0 ? await findFreePort() : config.internal.port;
    const shared = {
      ...environment,
      SALLYPORT_PUBLIC_URL: config.publicUrl,
      SALLYPORT_INTERNAL_URL: `http://127.0.0.1:${internalPort}`,
    };
    const ofServices = sharedSecretOf(config, environment);
    const stopping = new AbortController();
    const stop = (): void => stopping.abort();
    for (const signal of stopSignals) process.on(signal, stop);
    // A terminal that is closed takes nothing more, and the signal that says so may come later.
    for (const stream of [output, errors]) stream.on('error', stop);
    const forgetParent = onOrphaned(stop);
    let gateway: ProcessGroup | undefined;
    const watch = watchGateway(() => gateway);
    const onHangUp = createHangUpHandler(stop, watch.reload);
    process.on('SIGHUP', onHangUp);
    watchFile(path, { interval: watchMilliseconds }, watch.reload);
    note('Starting. Ctrl-C ends all.');
    const announced = announce(config, watch, stopping.signal, note);
    try {
      const ended = await runTogether({
        output,
        stop: stopping.signal,
        onStart: ([first]) => {
          gateway = first;
        },
        onLine: (name, line) => {
          if (name === 'gateway') watch.onLine(line);
        },
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
            environment: { ...withoutSecrets(shared), ...ofServices, SALLYPORT_AUDIENCE: name, ...own },
          })),
        ],
      });
      if (ended === undefined) return exitCodes.done;
      throw new UsageError(
        `${ended} has ended, and all others with it. Its last lines say why.`,
        exitCodes.unavailable,
      );
    } finally {
      stop();
      forgetParent();
      unwatchFile(path, watch.reload);
      process.off('SIGHUP', onHangUp);
      for (const signal of stopSignals) process.off(signal, stop);
      await announced;
    }
  },
};

/** The one secret of the gateway that services must know: what signs their tokens instead of key pairs. */
function sharedSecretOf(
  { tokens }: Config,
  variables: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  if (!tokens.signWithSharedSecretInsteadOfKeyPairs) return {};
  const names = ['SALLYPORT_TOKEN_SECRET', 'SALLYPORT_TOKEN_SECRET_FILE'];
  return Object.fromEntries(Object.entries(variables).filter(([name]) => names.includes(name.toUpperCase())));
}

/** Calls back when the process that started this one has ended: `npx`, killed alone, passes nothing on. Windows does not tell. */
function onOrphaned(stop: () => void): () => void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid !== parent) stop();
  }, parentMilliseconds);
  timer.unref();
  return () => clearInterval(timer);
}

/**
 * A terminal that is closed ends all: the processes are in groups of their own and would outlive it. Elsewhere the signal
 * asks to read the configuration again, as it does of a gateway.
 */
function createHangUpHandler(stop: () => void, reload: () => void): () => void {
  const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
  return () => (terminals.some((descriptor) => !isatty(descriptor)) ? stop() : reload());
}

/** Says where to look, once there is something to see. */
async function announce(
  { publicUrl, routes }: Config,
  { ready }: GatewayWatch,
  stop: AbortSignal,
  note: (text: string) => void,
): Promise<void> {
  const stopped = new Promise<undefined>((resolve) => {
    stop.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const gateway = await Promise.race([ready, stopped]);
  if (gateway === undefined) return;
  const upstreams = routes.flatMap(({ upstream }) => upstream);
  await untilAnswering(
    upstreams.filter((origin) => isLoopbackHost(new URL(origin).hostname)),
    // One that is not started here is not waited for without end.
    AbortSignal.any([stop, AbortSignal.timeout(patienceMilliseconds)]),
  );
  if (stop.aborted) return;
  const mail = gateway.mailboxUrl === undefined ? '' : ` Mail arrives at ${gateway.mailboxUrl}.`;
  note(`Open ${publicUrl}.${mail} Ctrl-C ends all.`);
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo; // It listens on TCP.
  server.close();
  return port;
}
