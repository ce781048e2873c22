import type { ErrorCode, FieldError, OperatorContext } from '@sallyport/core';
import type { Explanation, ExplainQuestion } from '@sallyport/gateway';
import type { Config } from '../config/config-schema.ts';
import type { SecretValues } from '../config/environment-table.ts';
import type { MetricPage } from '../metrics/prometheus-meter.ts';

/*
 * What the supervisor and its workers say to one another. Both are the same program, started from the same files, so
 * that messages need no schema. They go over a channel that only the two have: secrets are told there, so that they stand
 * in no environment and in no arguments, which other processes can read.
 */

/** From the supervisor to a worker. */
export type ToWorker =
  | {
      readonly type: 'start';
      readonly config: Config;
      readonly secrets: SecretValues;
      readonly number: number;
      /** Whether it logs what checks of the stores warn of: one does for all. */
      readonly logsCheckWarnings: boolean;
    }
  | { readonly type: 'ask'; readonly id: number; readonly question: WorkerQuestion }
  | { readonly type: 'drain' };

/** From a worker to the supervisor. */
export type FromWorker =
  | {
      readonly type: 'listening';
      readonly port: number;
      readonly internalPort: number;
      readonly machinePort: number | undefined;
    }
  /** The start failed; `explanation` is for the operator. */
  | { readonly type: 'failed'; readonly explanation: string }
  | { readonly type: 'answer'; readonly id: number; readonly answer: WorkerAnswer };

/** What a worker is asked. */
export type WorkerQuestion =
  | { readonly kind: 'metrics' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'explain'; readonly question: ExplainQuestion }
  | {
      readonly kind: 'operate';
      readonly name: string;
      readonly input: unknown;
      readonly context: OperatorContext;
    }
  | { readonly kind: 'apply'; readonly config: Config }
  | { readonly kind: 'use-secrets'; readonly secrets: SecretValues };

/** What it answers. */
export type WorkerAnswer =
  | { readonly kind: 'metrics'; readonly metrics: MetricPage }
  | { readonly kind: 'ready'; readonly isReady: boolean }
  | { readonly kind: 'explain'; readonly explanation: Explanation }
  | { readonly kind: 'operated'; readonly result: unknown }
  /** It did nothing, and says why. */
  | {
      readonly kind: 'refused';
      readonly code: ErrorCode;
      readonly reason?: string | undefined;
      readonly errors?: readonly FieldError[] | undefined;
    }
  | { readonly kind: 'applied' }
  | { readonly kind: 'failed'; readonly problem: string }
  /** Of the supervisor itself: there was no answer in time, and what was asked may still be done. */
  | { readonly kind: 'unanswered' };
