import type { OperatorContext } from '@sallyport/core';
import type { Explanation, ExplainQuestion } from '@sallyport/gateway';
import type { ReloadCondition, ReloadOutcome } from '../reload/reloader.ts';
import type { RefreshOutcome, SecretsCondition } from '../secrets/secrets-refresher.ts';

/** What an operator may ask of the running gateway: of its one process, or of all its workers together. */
export interface Control {
  /** A page for Prometheus. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** What the gateway would do with a request. */
  explain(question: ExplainQuestion): Promise<Explanation>;
  /** Uses the configuration and the secrets as they are now, or says what keeps each of them from being used. */
  reload(): Promise<ReloadOutcome & { readonly secrets: RefreshOutcome }>;
  status(): Promise<GatewayStatus>;
  /** Does something to accounts, sessions, roles or keys; see `packages/server/src/operations`. */
  operate(name: string, input: unknown, context: OperatorContext): Promise<unknown>;
}

/** How the gateway is. */
export interface GatewayStatus {
  readonly startedAt: string;
  /** Processes that serve, and how many of them have stores that answer. */
  readonly workers: number;
  readonly ready: number;
  readonly configuration: ReloadCondition;
  readonly secrets: SecretsCondition;
  /** Ids of the processes that serve. */
  readonly processes: readonly number[];
}
