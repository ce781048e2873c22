import type { ListenerKind } from '../pipeline/request-state.ts';

/** The request that is to be explained. It is sent nowhere. */
export interface ExplainQuestion {
  /** Which listener the request would come to. @default 'public' */
  readonly listener?: ListenerKind;
  readonly method: string;
  /** Path and query, as a client would send them. */
  readonly target: string;
  /** Names and values, in turn. `Host` is added where it is missing. */
  readonly headers: readonly string[];
  /** Whose session to use, by its public handle, instead of a cookie or, at the internal listener, of a token. */
  readonly sid?: string;
  /** At the internal listener: the audience of the zone or service that calls for this session. */
  readonly from?: string;
  /** At the listener for machines: the name in the certificate, as if that had been verified. @default no certificate */
  readonly certificate?: string;
  /** Where the request seems to come from. @default 127.0.0.1 */
  readonly clientAddress?: string;
}

/** One stage of the gateway: what it did, and the facts that it went by. Never a token, a cookie or a query. */
export interface ExplainedStage {
  readonly stage: string;
  readonly outcome: 'passed' | 'decided' | 'refused' | 'not reached';
  readonly facts: readonly ExplainedFact[];
}

/** One thing that was looked at. */
export interface ExplainedFact {
  readonly name: string;
  readonly value: string;
}

/** What the gateway would do with a request, and why. */
export interface Explanation {
  readonly decision: 'forward' | 'mount' | 'redirect' | 'refuse' | 'preflight';
  /** Of a refusal or a redirect; what is forwarded is answered by the upstream. */
  readonly status?: number;
  readonly code?: string;
  readonly reason?: string;
  /** In words: what to do about a refusal. */
  readonly hint?: string;
  readonly stages: readonly ExplainedStage[];
}
