import { isDeepStrictEqual } from 'node:util';
import { silentMeter, type Logger, type Meter } from '@sallyport/core';
import { ConfigurationError, type ConfigurationProblem } from '../config/configuration-error.ts';
import type { SecretName, SecretValues } from '../config/environment-table.ts';
import type { Environment } from '../config/environment.ts';
import { compareSecrets } from './compare-secrets.ts';
import { explainUnusableSecrets } from './explain-unusable-secrets.ts';
import { secretValuesOf, withSecretValues } from './secret-values.ts';

/** What became of an attempt to use the secrets as they are now. Names and words, never values. */
export type RefreshOutcome =
  | { readonly kind: 'unchanged' }
  /** `needRestart` are those that differ too, and are used from the next start on. */
  | {
      readonly kind: 'renewed';
      readonly changed: readonly SecretName[];
      readonly needRestart: readonly SecretName[];
    }
  | { readonly kind: 'refused'; readonly problems: readonly ConfigurationProblem[] };

/** Which secrets are in use. */
export interface SecretsCondition {
  /** When the sources were last read without a fault. */
  readonly readAt: string;
  /** Differ from those in use, and wait for the next start. */
  readonly needRestart: readonly SecretName[];
  readonly refused?: { readonly at: string; readonly problems: readonly ConfigurationProblem[] };
}

export interface SecretsRefresherParts {
  readonly current: Environment;
  /** Reads the environment, mounted files and the source of the configuration as they are now. */
  readonly load: () => Promise<Environment>;
  /** Rejects, as the start would, when a gateway cannot use these secrets. Changes nothing. */
  readonly check: (environment: Environment) => Promise<void>;
  /** Uses them, or throws and has changed nothing. */
  readonly apply: (environment: Environment) => Promise<void> | void;
  readonly logger: Logger;
  readonly meter?: Meter | undefined;
  /** Seconds between two looks; 0 for none. */
  readonly refreshSeconds: number;
}

/** Takes over secrets that were renewed, while requests go on. */
export interface SecretsRefresher {
  refresh(): Promise<RefreshOutcome>;
  condition(): SecretsCondition;
  /** The environment with the secrets that are in use. */
  current(): Environment;
  /** Looks from time to time. */
  start(): void;
  /** Ends that. An attempt that is under way uses nothing any more. */
  stop(): void;
}

/**
 * Builds the refresher of secrets. A set is read and checked as a whole: when it cannot be read, or the start would refuse
 * any part of it, all secrets stay as they were. What a running gateway cannot change waits for the next start by name.
 */
export function createSecretsRefresher(parts: SecretsRefresherParts): SecretsRefresher {
  const { load, check, apply, logger, meter = silentMeter, refreshSeconds } = parts;
  let current = parts.current;
  let condition: SecretsCondition = { readAt: new Date().toISOString(), needRestart: [] };
  let announced: SecretValues | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const refreshes = meter.counter({
    name: 'sallyport_secret_refreshes_total',
    help: 'Attempts to take over renewed secrets, by their outcome',
    labels: ['outcome'],
  });
  meter.gauge(
    { name: 'sallyport_secrets_waiting_for_restart', help: 'Secrets that differ from those in use' },
    () => condition.needRestart.length,
  );

  const attempt = async (): Promise<RefreshOutcome> => {
    const next = await load();
    await check(next);
    if (isStopped) return { kind: 'unchanged' };
    const [before, after] = [secretValuesOf(current), secretValuesOf(next)];
    const { atOnce: changed, atRestart: needRestart } = compareSecrets(before, after);
    if (changed.length > 0) {
      const renewed = Object.fromEntries(changed.map((name) => [name, after[name]]));
      const usable = withSecretValues(current, { ...before, ...renewed });
      await apply(usable);
      current = usable;
      logger.info('secrets were renewed', { event: 'secrets-renewed', changed: changed.join(' ') });
    }
    if (needRestart.length > 0 && !isDeepStrictEqual(after, announced)) {
      announced = after;
      logger.warn('secrets differ from those in use: start the gateway again', {
        event: 'secrets-need-restart',
        names: needRestart.join(' '),
      });
    }
    // Those in use are back: what differs later is news again.
    if (needRestart.length === 0) announced = undefined;
    condition = { readAt: new Date().toISOString(), needRestart };
    if (changed.length + needRestart.length === 0) return { kind: 'unchanged' };
    return { kind: 'renewed', changed, needRestart };
  };
  const refuse = (error: unknown): RefreshOutcome => {
    if (isStopped) return { kind: 'unchanged' };
    const problems = problemsOf(error);
    const { readAt, needRestart } = condition;
    condition = { readAt, needRestart, refused: { at: new Date().toISOString(), problems } };
    logger.warn('secrets were not renewed: those before stay', {
      event: 'secrets-not-renewed',
      problems: problems.map(({ key, problem }) => `${key} ${problem}`).join('; '),
    });
    return { kind: 'refused', problems };
  };
  const refresh = (): Promise<RefreshOutcome> => {
    const outcome = last.then(attempt).catch(refuse);
    last = outcome;
    return outcome.then((settled) => {
      refreshes.of(settled.kind).add();
      return settled;
    });
  };
  const wait = (): void => {
    if (isStopped) return;
    // Spread, so that gateways that started together do not ask together for ever.
    const seconds = refreshSeconds * (0.9 + Math.random() * 0.2);
    timer = setTimeout(() => void refresh().then(wait), seconds * 1000);
    timer.unref();
  };

  return {
    refresh,
    condition: () => condition,
    current: () => current,
    start: () => {
      if (refreshSeconds > 0) wait();
    },
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

/** What `/readyz` says beside its status. */
export function warningsOfSecrets({ refused, needRestart }: SecretsCondition): readonly string[] {
  return [
    ...(refused === undefined ? [] : ['secrets-not-renewed']),
    ...(needRestart.length === 0 ? [] : ['secrets-need-restart']),
  ];
}

function problemsOf(error: unknown): readonly ConfigurationProblem[] {
  if (error instanceof ConfigurationError) return error.problems;
  return [{ key: 'secrets', problem: explainUnusableSecrets(error) }];
}
