import { asSallyportError, toStoreError, type Logger } from '@sallyport/core';
import { startGateway, type Gateway } from '../compose.ts';
import type { Environment } from '../config/environment.ts';
import { drainGateway } from '../drain-gateway.ts';
import { explainFailure } from '../explain-failure.ts';
import { messageForOperators } from '../message-for-operators.ts';
import { explainUnusableSecrets } from '../secrets/explain-unusable-secrets.ts';
import { withSecretValues } from '../secrets/secret-values.ts';
import type { FromWorker, ToWorker, WorkerAnswer, WorkerQuestion } from './worker-messages.ts';

export interface WorkerParts {
  /** Without secrets, which the supervisor tells. */
  readonly environment: Environment;
  readonly createLogger: (worker: number) => Logger;
  readonly exit: (code: number) => void;
}

/**
 * Runs a worker: it is told its configuration and its secrets, serves, and answers the supervisor. Signals are the supervisor's to
 * hear: a Ctrl-C reaches the whole group, and would cut off what is to be drained.
 */
export function runWorker({ environment, createLogger, exit }: WorkerParts): void {
  let gateway: Gateway | undefined;
  const start = async ({
    config,
    secrets,
    number,
    logsCheckWarnings,
  }: Extract<ToWorker, { type: 'start' }>): Promise<void> => {
    try {
      const told = withSecretValues(environment, secrets);
      const logger = createLogger(number);
      gateway = await startGateway({ config, environment: told, logger, isWorker: true, logsCheckWarnings });
      const { port, internalPort, machinePort } = gateway;
      tell({ type: 'listening', port, internalPort, machinePort });
    } catch (error) {
      tell({ type: 'failed', explanation: explainFailure(error) }, () => exit(1));
    }
  };

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
  process.on('message', (message: ToWorker) => {
    if (message.type === 'start') void start(message);
    if (message.type === 'ask') {
      void answer(gateway, environment, message.question).then((given) =>
        tell({ type: 'answer', id: message.id, answer: given }),
      );
    }
    if (message.type === 'drain') {
      const drained = gateway === undefined ? Promise.resolve() : drainGateway(gateway);
      drained.then(
        () => exit(0),
        () => exit(1),
      );
    }
  });
}

async function answer(
  gateway: Gateway | undefined,
  environment: Environment,
  question: WorkerQuestion,
): Promise<WorkerAnswer> {
  if (gateway === undefined) return { kind: 'failed', problem: 'the worker is still starting' };
  try {
    switch (question.kind) {
      case 'metrics':
        return { kind: 'metrics', metrics: (await gateway.meter?.page()) ?? [] };
      case 'ready':
        return { kind: 'ready', isReady: (await gateway.control.status()).ready > 0 };
      case 'explain':
        return { kind: 'explain', explanation: await gateway.control.explain(question.question) };
      case 'operate': {
        const { name, input, context } = question;
        return { kind: 'operated', result: await gateway.control.operate(name, input, context) };
      }
      case 'apply':
        await gateway.apply(question.config);
        return { kind: 'applied' };
      case 'use-secrets':
        gateway.useSecrets(withSecretValues(environment, question.secrets));
        return { kind: 'applied' };
    }
  } catch (error) {
    if (question.kind === 'operate') {
      const { code, reason, errors } = asSallyportError(toStoreError(error));
      return { kind: 'refused', code, reason, errors };
    }
    // The stack of a bug may quote a secret that it was reading.
    if (question.kind === 'use-secrets') return { kind: 'failed', problem: explainUnusableSecrets(error) };
    return { kind: 'failed', problem: messageForOperators(error) ?? stackOf(error) };
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : 'it failed';
}

function tell(message: FromWorker, done: () => void = () => {}): void {
  if (process.send === undefined || !process.connected) return done();
  process.send(message, undefined, undefined, done);
}
