import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { exponentialBackoff, SallyportError, type Logger, type SallyportErrorOptions } from '@sallyport/core';
import { openAdmin } from '../admin/open-admin.ts';
import type { Control } from '../admin/control.ts';
import { requireStart } from '../checks/require-start.ts';
import { firstStartChecks } from '../checks/start-checks.ts';
import type { Config } from '../config/config-schema.ts';
import type { Environment } from '../config/environment.ts';
import { lostLogLinesMetric } from '../line-writer.ts';
import { addPages, createPrometheusMeter } from '../metrics/prometheus-meter.ts';
import { createReloader } from '../reload/reloader.ts';
import { requireSecretChecks } from '../secrets/require-secret-checks.ts';
import { secretValuesOf } from '../secrets/secret-values.ts';
import { createSecretsRefresher } from '../secrets/secrets-refresher.ts';
import { WorkerFailed } from './worker-failed.ts';
import { forwardWholeLines } from './forward-whole-lines.ts';
import type { FromWorker, ToWorker, WorkerAnswer, WorkerQuestion } from './worker-messages.ts';

export interface SupervisorParts {
  readonly config: Config;
  readonly environment: Environment;
  readonly logger: Logger;
  readonly count: number;
  readonly loadAnew: () => Promise<Config>;
  /** Reads addresses and secrets as they are now. */
  readonly readEnvironmentAnew: () => Promise<Environment>;
  /** Where the lines of workers go. */
  readonly writeLines: (text: string) => void;
  /** How many of them could not be written. */
  readonly lostLogLines: () => number;
}

/** Several workers that serve as one gateway. */
export interface Supervisor {
  readonly port: number;
  readonly internalPort: number;
  readonly machinePort: number | undefined;
  readonly adminPort: number | undefined;
  readonly control: Control;
  /** Drains all workers, and resolves when the last one is gone. */
  close(): Promise<void>;
  /** Ends all workers now, whatever they do. */
  kill(): void;
}

/** A worker that serves, or is being started. */
interface WorkerSlot {
  readonly number: number;
  worker: Worker | undefined;
  isListening: boolean;
  startedAt: number;
  /** Ends in a row, each before it was of use. */
  failures: number;
}

const restartBackoff = { firstMilliseconds: 100, maxMilliseconds: 30_000 };
/** A worker that lived so long did not fail at its start. */
const provenMilliseconds = 30_000;
const answerMilliseconds = 10_000;
/** How long an operator waits: the sessions of a whole deployment may end, one account after another. */
const operationMilliseconds = 600_000;

/**
 * Starts workers and keeps them running: one that ends is replaced, at once the first time and ever more slowly while it
 * keeps ending. All of them share the listening sockets; this process has no request, and answers operators for all.
 *
 * @throws ConfigurationError when a check of the start fails. WorkerFailed when the first start of any of them fails.
 */
export async function startSupervisor(parts: SupervisorParts): Promise<Supervisor> {
  const { config, logger, count, loadAnew, readEnvironmentAnew } = parts;
  await requireStart(firstStartChecks, parts, logger);
  const meter = createPrometheusMeter({ withProcess: false });
  const restarts = meter.counter({
    name: 'sallyport_worker_restarts_total',
    help: 'Workers that ended and were replaced',
  });
  const waiting = new Map<number, (answer: WorkerAnswer) => void>();
  let askedCount = 0;
  let isStarted = false;
  let isStopping = false;
  let current = config;
  let secrets = secretValuesOf(parts.environment);
  const slots = Array.from({ length: count }, (_, index): WorkerSlot => {
    return { number: index + 1, worker: undefined, isListening: false, startedAt: 0, failures: 0 };
  });
  const listening = (): readonly WorkerSlot[] => slots.filter(({ isListening }) => isListening);
  meter.gauge(lostLogLinesMetric, parts.lostLogLines);
  meter.gauge({ name: 'sallyport_workers', help: 'Workers that serve' }, () => listening().length);
  cluster.setupPrimary({ silent: true });

  const start = (slot: WorkerSlot): Promise<Extract<FromWorker, { type: 'listening' }>> =>
    new Promise((resolve, reject) => {
      const worker = cluster.fork();
      slot.worker = worker;
      slot.startedAt = Date.now();
      const { stdout, stderr } = worker.process;
      if (stdout !== null) forwardWholeLines(stdout, parts.writeLines);
      stderr?.pipe(process.stderr, { end: false });
      const told = { config: current, secrets };
      worker.on('message', (message: FromWorker) => {
        if (message.type === 'listening') {
          slot.isListening = true;
          // Either may have been renewed while it started.
          if (told.config !== current) void follow(slot, { kind: 'apply', config: current });
          if (told.secrets !== secrets) void follow(slot, { kind: 'use-secrets', secrets });
          resolve(message);
        } else if (message.type === 'failed') reject(new WorkerFailed(message.explanation));
        else {
          waiting.get(message.id)?.(message.answer);
        }
      });
      const end = (code: number | null, signal: string | null): void => {
        if (slot.worker !== worker) return;
        const served = slot.isListening;
        slot.worker = undefined;
        slot.isListening = false;
        reject(new WorkerFailed('A worker ended before it served.'));
        // One that never served fails the first start; one that did is missing, whether or not the others serve yet.
        if (!isStopping && (isStarted || served)) replace(slot, code, signal);
      };
      worker.once('exit', end);
      // Whatever is said to a worker that died a moment ago fails, also a connection that Node hands to it: that must
      // not end this process, and its exit follows. Only a worker that could not be started at all has none.
      worker.on('error', () => {
        if (worker.process.pid === undefined) end(null, null);
      });
      tell(worker, { type: 'start', ...told, number: slot.number, logsCheckWarnings: slot.number === 1 && !isStarted });
    });
  const replace = (slot: WorkerSlot, code: number | null, signal: string | null): void => {
    if (Date.now() - slot.startedAt >= provenMilliseconds) slot.failures = 0;
    const pause = slot.failures === 0 ? 0 : exponentialBackoff(slot.failures, restartBackoff);
    slot.failures++;
    restarts.of().add();
    logger.error('a worker ended, and is replaced', {
      event: 'worker-ended',
      worker: slot.number,
      exitCode: code ?? undefined,
      signal: signal ?? undefined,
      pauseMilliseconds: pause,
    });
    setTimeout(() => {
      if (isStopping) return;
      start(slot).then(
        () =>
          logger.info('a worker serves in place of one that ended', { event: 'worker-replaced', worker: slot.number }),
        // Its end is heard of as well, and the next one follows.
        () => {},
      );
    }, pause);
  };

  const ask = (
    slot: WorkerSlot,
    question: WorkerQuestion,
    patienceMilliseconds = answerMilliseconds,
  ): Promise<WorkerAnswer> =>
    new Promise((resolve) => {
      const { worker } = slot;
      if (worker === undefined) return resolve({ kind: 'failed', problem: 'the worker is gone' });
      const id = ++askedCount;
      const timer = setTimeout(() => {
        waiting.delete(id);
        resolve({ kind: 'unanswered' });
      }, patienceMilliseconds);
      const gone = (): void => waiting.get(id)?.({ kind: 'failed', problem: 'the worker is gone' });
      waiting.set(id, (answer) => {
        clearTimeout(timer);
        worker.off('exit', gone);
        waiting.delete(id);
        resolve(answer);
      });
      worker.once('exit', gone);
      tell(worker, { type: 'ask', id, question });
    });
  const askAll = (question: WorkerQuestion): Promise<readonly WorkerAnswer[]> =>
    Promise.all(listening().map((slot) => ask(slot, question)));

  const follow = async (slot: WorkerSlot, question: WorkerQuestion): Promise<void> => {
    // By the time of the answer another one may stand in its place.
    const { worker } = slot;
    const answer = await ask(slot, question);
    // A worker that does not follow is replaced by one that begins with what the others have.
    if (answer.kind !== 'applied') worker?.process.kill('SIGKILL');
  };
  /** What the gateway cannot use is found out by the first worker, before `accept` is called and any other has changed. */
  const applyToAll = async (question: WorkerQuestion, accept: () => void): Promise<void> => {
    const [first] = listening();
    if (first === undefined) throw new WorkerFailed('no worker serves');
    const { worker } = first;
    const answer = await ask(first, question);
    // It may do so later, and would then have what no other has.
    if (answer.kind === 'unanswered') worker?.process.kill('SIGKILL');
    if (answer.kind !== 'applied') throw new WorkerFailed(problemOf(answer));
    accept();
    // Those that serve only since then are among them.
    for (const slot of listening()) if (slot !== first) await follow(slot, question);
  };
  const apply = (next: Config): Promise<void> =>
    applyToAll({ kind: 'apply', config: next }, () => {
      current = next;
    });
  const refresher = createSecretsRefresher({
    current: parts.environment,
    load: readEnvironmentAnew,
    check: (renewed) => requireSecretChecks({ config: current, environment: renewed }),
    apply: (renewed) => {
      const next = secretValuesOf(renewed);
      return applyToAll({ kind: 'use-secrets', secrets: next }, () => {
        secrets = next;
      });
    },
    logger,
    meter,
    refreshSeconds: config.secrets.refreshSeconds,
  });
  const reloader = createReloader({ current: config, load: loadAnew, apply, logger });
  const startedAt = new Date().toISOString();
  const control: Control = {
    metrics: async () => {
      const answers = await askAll({ kind: 'metrics' });
      const pages = answers.flatMap((answer) => (answer.kind === 'metrics' ? [answer.metrics] : []));
      return addPages([...pages, await meter.page()]);
    },
    explain: async (question) => {
      const [first] = listening();
      if (first === undefined) throw new WorkerFailed('no worker serves');
      const answer = await ask(first, { kind: 'explain', question });
      if (answer.kind === 'explain') return answer.explanation;
      throw new WorkerFailed(problemOf(answer));
    },
    operate: async (name, input, context) => {
      const [first] = listening();
      if (first === undefined) throw new SallyportError('SP_SERVICE_UNAVAILABLE', { reason: 'no-worker-serves' });
      const answer = await ask(first, { kind: 'operate', name, input, context }, operationMilliseconds);
      if (answer.kind === 'operated') return answer.result;
      if (answer.kind === 'refused') throw new SallyportError(answer.code, toRefusal(answer));
      throw new WorkerFailed(problemOf(answer));
    },
    reload: async () => ({ ...(await reloader.reload()), secrets: await refresher.refresh() }),
    status: async () => {
      const answers = await askAll({ kind: 'ready' });
      return {
        startedAt,
        workers: listening().length,
        ready: answers.filter((answer) => answer.kind === 'ready' && answer.isReady).length,
        configuration: reloader.condition(),
        secrets: refresher.condition(),
        processes: listening().flatMap(({ worker }) => worker?.process.pid ?? []),
      };
    },
  };
  const kill = (): void => {
    isStopping = true;
    for (const { worker } of slots) worker?.process.kill('SIGKILL');
  };

  try {
    // The first one migrates the database and makes the keys; the others find them.
    const [firstSlot, ...otherSlots] = slots;
    if (firstSlot === undefined) throw new TypeError('a gateway has at least one worker');
    const { port, internalPort, machinePort } = await start(firstSlot);
    await Promise.all(otherSlots.map(start));
    isStarted = true;
    const admin = await openAdmin({ config, environment: () => refresher.current(), control, logger });
    refresher.start();
    return {
      port,
      internalPort,
      machinePort,
      adminPort: admin?.port,
      control,
      kill,
      close: async () => {
        isStopping = true;
        refresher.stop();
        const gone = slots.flatMap(({ worker }) => {
          if (worker === undefined) return [];
          const ended = once(worker, 'exit');
          tell(worker, { type: 'drain' });
          return [ended];
        });
        await Promise.all(gone);
        await admin?.close();
      },
    };
  } catch (error) {
    kill();
    throw error;
  }
}

function problemOf(answer: WorkerAnswer): string {
  if (answer.kind === 'failed') return answer.problem;
  return answer.kind === 'unanswered' ? 'the worker does not answer' : 'the worker answered something else';
}

function toRefusal({ reason, errors }: Extract<WorkerAnswer, { kind: 'refused' }>): SallyportErrorOptions {
  return { ...(reason === undefined ? {} : { reason }), ...(errors === undefined ? {} : { errors }) };
}

function tell(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message);
}
