import type { Explanation, ExplainQuestion } from '@sallyport/gateway';

/** What an operator may ask of the running gateway: of its one process, or of all its workers together. */
export interface Control {
  /** A page for Prometheus. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** What the door would do with a request. */
  explain(question: ExplainQuestion): Promise<Explanation>;
  status(): Promise<GatewayStatus>;
}

/** How the gateway is. */
export interface GatewayStatus {
  readonly startedAt: string;
  /** Processes that serve, and how many of them have stores that answer. */
  readonly workers: number;
  readonly ready: number;
}
