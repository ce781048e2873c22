import type { Logger } from '@sallyport/core';
import type { Config } from '../config/config-schema.ts';
import { ConfigurationError, type ConfigurationProblem } from '../config/configuration-error.ts';
import { messageForOperators } from '../message-for-operators.ts';
import { compareConfigs } from './compare-configs.ts';

/** What became of an attempt to use the configuration as it is now. Keys and words, never values. */
export type ReloadOutcome =
  | { readonly kind: 'reloaded'; readonly changed: readonly string[] }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly problems: readonly ConfigurationProblem[] };

export interface ReloaderParts {
  readonly current: Config;
  /** Reads and checks the configuration as it is now. Rejects with ConfigurationError. */
  readonly load: () => Promise<Config>;
  /** Uses it, or throws and has changed nothing. */
  readonly apply: (config: Config) => Promise<void> | void;
  readonly logger: Logger;
}

/** Takes over what an operator wrote into the configuration, while requests go on. */
export interface Reloader {
  reload(): Promise<ReloadOutcome>;
  /** The configuration that is in use. */
  current(): Config;
  /** Since when it is, and why a later one is not. */
  condition(): ReloadCondition;
}

/** Which configuration is in use. */
export interface ReloadCondition {
  readonly loadedAt: string;
  readonly refused?: { readonly at: string; readonly problems: readonly ConfigurationProblem[] };
}

/**
 * Builds the reloader. Whatever is wrong with the new configuration, the one before stays whole: it is checked in all
 * its parts before the first of them is used. One attempt follows another.
 */
export function createReloader({ current: first, load, apply, logger }: ReloaderParts): Reloader {
  let current = first;
  let condition: ReloadCondition = { loadedAt: new Date().toISOString() };
  let last: Promise<unknown> = Promise.resolve();

  const attempt = async (): Promise<ReloadOutcome> => {
    const next = await load();
    const { changed, fixed } = compareConfigs(current, next);
    if (fixed.length > 0) {
      throw new ConfigurationError(
        'reload',
        fixed.map((key) => ({ key, problem: 'cannot change while the gateway runs; start it again' })),
      );
    }
    if (changed.length > 0) {
      await apply(next);
      current = next;
    }
    condition = { loadedAt: new Date().toISOString() };
    logger.info('the configuration was read again', {
      event: 'configuration-reloaded',
      changed: changed.join(' ') || 'nothing',
    });
    return changed.length === 0 ? { kind: 'unchanged' } : { kind: 'reloaded', changed };
  };
  const refuse = (error: unknown): ReloadOutcome => {
    const problems = problemsOf(error);
    condition = { loadedAt: condition.loadedAt, refused: { at: new Date().toISOString(), problems } };
    logger.error('the new configuration is not used: the one before stays', {
      event: 'configuration-rejected',
      problems: problems.map(({ key, problem }) => `${key} ${problem}`).join('; '),
    });
    return { kind: 'refused', problems };
  };

  return {
    current: () => current,
    condition: () => condition,
    reload: () => {
      const outcome = last.then(attempt).catch(refuse);
      last = outcome;
      return outcome;
    },
  };
}

function problemsOf(error: unknown): readonly ConfigurationProblem[] {
  if (error instanceof ConfigurationError) return error.problems;
  // The gateway names what is wrong with its routes and hosts in a sentence for operators. A bug has its stack.
  const stack = error instanceof Error ? error.stack : undefined;
  const problem = messageForOperators(error) ?? stack ?? 'it cannot be used';
  return [{ key: '(file)', problem: problem.replaceAll(/\s+/g, ' ') }];
}
