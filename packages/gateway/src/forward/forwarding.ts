import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { SallyportError } from '@sallyport/core';
import type { RequestState } from '../pipeline/request-state.ts';
import type { ResolvedRoute } from '../routing/route-table.ts';

/** A request that is being forwarded. */
export interface Transfer {
  /** The client is gone: the upstream is told, and its connection is not used again. */
  abort(): void;
  /** From sending the request to the head of the answer; only measured when traces are kept. */
  readonly upstreamMilliseconds: number | undefined;
}

/** Sends a request on. Throws what it is refused with. */
export type SendOn = (forwarding: Forwarding, route: ResolvedRoute, body: Readable | null) => Transfer;

/** A request that is forwarded, and what it is told on the way. */
export interface Forwarding {
  /** Another one after `decideAgain`. */
  readonly state: RequestState;
  readonly response: ServerResponse;
  /** What carries it at present. */
  transfer: Transfer | undefined;
  /** Sends "100 Continue" to a client that waits for it. */
  readonly proceed: () => void;
  /** Called, once, when nothing of an answer was sent yet. */
  fail(error: SallyportError): void;
  /** Asked before an answer of this status begins, which waits for it; where it rejects, the request fails instead. */
  beforeAnswer?(status: number): Promise<void>;
  /**
   * Decides on the request a second time, with the session as it is now. `isFresh` reads it from the store.
   *
   * @returns the route, or nothing where the request is not forwarded any more; then it was answered.
   */
  decideAgain(isFresh: boolean): Promise<ResolvedRoute | undefined>;
}
