import cluster from 'node:cluster';
import { silentLogger, type Logger } from '@sallyport/core';
import { requireStart } from './checks/require-start.ts';
import { firstStartChecks } from './checks/start-checks.ts';
import { startGateway } from './compose.ts';
import type { Config } from './config/config-schema.ts';
import { readEnvironment } from './config/environment.ts';
import { loadConfig } from './config/load-config.ts';
import { loadDeployment } from './config/load-deployment.ts';
import { drainGateway } from './drain-gateway.ts';
import { endOnFault } from './end-on-fault.ts';
import { explainFailure } from './explain-failure.ts';
import { createJsonLogger } from './json-logger.ts';
import { createLineWriter } from './line-writer.ts';
import { openLogOutput } from './log-output.ts';
import { readConfigAnew } from './reload/read-config-anew.ts';
import { withoutSecrets } from './secrets/secret-values.ts';
import { countWorkers } from './workers/count-workers.ts';
import { runWorker } from './workers/run-worker.ts';
import { startSupervisor } from './workers/supervisor.ts';

/** What else a gateway process is told. */
export interface RunGatewayOptions {
  /** The configuration file, before SALLYPORT_CONFIG; relative to the working folder. */
  readonly configFile?: string;
}

/**
 * Runs the gateway as this process: reads the configuration and the environment, starts one gateway or several workers,
 * logs to standard output, reloads on SIGHUP and drains on SIGTERM. A start that fails says why on standard error and
 * ends the process with code 1.
 */
export async function runGateway(options: RunGatewayOptions = {}): Promise<void> {
  const lines = createLineWriter(openLogOutput(process.stdout));
  // Nothing may end the process because the place for its last words is gone.
  process.stderr.on('error', () => {});
  const logger = createJsonLogger(lines.write);
  process.on('exit', lines.flush);
  endOnFault(logger);

  try {
    if (cluster.isWorker) {
      const createLogger = (worker: number) => createJsonLogger(lines.write, { worker });
      // The supervisor tells it its secrets: a file may be gone by the time that a worker is replaced.
      const environment = { ...readEnvironment(withoutSecrets(process.env), 'later'), ...options };
      runWorker({ environment, createLogger, exit: (code) => process.exit(code) });
    } else {
      const place = { variables: process.env, workingFolder: process.cwd(), ...options };
      const { config, preset, environment, readEnvironmentAnew } = await loadDeployment(place, firstStartChecks);
      // How many processes serve is one question of many, and they are answered together.
      await requireStart(firstStartChecks, { config, preset, environment }, silentLogger);
      const loadAnew = async (): Promise<Config> =>
        (await loadConfig(environment, process.cwd(), readConfigAnew)).config;
      const count = countWorkers(config, environment);
      const parts = { config, environment, logger, lostLogLines: lines.lostLines };
      const running =
        count === 1
          ? await startAlone({ ...parts, ...(preset === undefined ? { loadAnew, readEnvironmentAnew } : { preset }) })
          : await startSeveral({ ...parts, count, loadAnew, readEnvironmentAnew }, lines.write);
      const { port, internalPort, machinePort, adminPort } = running;
      logger.info('gateway ready', {
        event: 'gateway-ready',
        port,
        internalPort,
        machinePort,
        adminPort,
        workers: count,
        preset: preset?.name,
      });
      stopOnSignals(running, logger);
      // A preset runs at a terminal, whose end is the end of the process.
      if (preset === undefined) process.on('SIGHUP', () => void running.reload());
    }
  } catch (error) {
    process.stderr.write(`${explainFailure(error)}\n`);
    process.exit(1);
  }
}

interface Running {
  readonly port: number;
  readonly internalPort: number;
  readonly machinePort: number | undefined;
  readonly adminPort: number | undefined;
  readonly stop: () => Promise<void>;
  readonly stopNow: () => void;
  readonly reload: () => Promise<unknown>;
}

async function startAlone(options: Parameters<typeof startGateway>[0]): Promise<Running> {
  const gateway = await startGateway(options);
  const { port, internalPort, machinePort, adminPort, control } = gateway;
  const stop = () => drainGateway(gateway);
  return { port, internalPort, machinePort, adminPort, stop, stopNow: () => {}, reload: () => control.reload() };
}

async function startSeveral(
  options: Omit<Parameters<typeof startSupervisor>[0], 'writeLines'>,
  writeLines: Parameters<typeof startSupervisor>[0]['writeLines'],
): Promise<Running> {
  const supervisor = await startSupervisor({ ...options, writeLines });
  const { port, internalPort, machinePort, adminPort, control } = supervisor;
  return {
    port,
    internalPort,
    machinePort,
    adminPort,
    stop: () => supervisor.close(),
    stopNow: () => supervisor.kill(),
    reload: () => control.reload(),
  };
}

/** The first signal drains; the second ends the process at once. */
function stopOnSignals({ stop, stopNow }: Running, logger: Logger): void {
  let isStopping = false;
  const onSignal = (): void => {
    if (isStopping) {
      stopNow();
      process.exit(1);
    }
    isStopping = true;
    logger.info('gateway stops when running requests have ended; a second signal ends it at once', {
      event: 'gateway-stopping',
    });
    stop().then(
      () => {
        logger.info('gateway stopped', { event: 'gateway-stopped' });
        process.exit(0);
      },
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
