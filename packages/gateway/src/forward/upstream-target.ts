import type { Pool } from 'undici';
import { CircuitBreaker, type BreakerOptions } from './circuit-breaker.ts';
import { serverNameOf } from './upstream-connector.ts';

/** One process behind a route: its connections, its circuit breaker, and what its health checks found. */
export class UpstreamTarget {
  readonly origin: string;
  readonly serverName: string;
  readonly pool: Pool;
  readonly #breaker: CircuitBreaker;
  readonly #maxInFlight: number;
  inFlight = 0;
  #isHealthy = true;

  constructor(origin: string, pool: Pool, breaker: BreakerOptions, maxInFlight: number) {
    this.origin = origin;
    this.serverName = serverNameOf(origin);
    this.pool = pool;
    this.#breaker = new CircuitBreaker(breaker);
    this.#maxInFlight = maxInFlight;
  }

  /** Whether its circuit is open or half-open, or its health checks fail. */
  get isSuspended(): boolean {
    return !this.#isHealthy || this.#breaker.state !== 'closed';
  }

  /** Whether a request may be sent now. */
  isAvailable(): boolean {
    return this.inFlight < this.#maxInFlight && this.#isHealthy && this.#breaker.allows();
  }

  /** Seconds until it is worth asking again; 1 when it is only busy. */
  retryAfterSeconds(): number {
    return this.#breaker.retryAfterSeconds();
  }

  /** A request was sent. */
  began(): void {
    this.inFlight++;
    this.#breaker.began();
  }

  /** A request is over, with or without an answer. */
  ended(): void {
    this.inFlight--;
    this.#breaker.ended();
  }

  /** An answer began, whatever its status. */
  answered(): void {
    this.#breaker.succeeded();
  }

  /** There was no answer. */
  failed(): void {
    this.#breaker.failed();
  }

  /** What a health check found. */
  checked(isHealthy: boolean): void {
    this.#isHealthy = isHealthy;
    if (isHealthy) this.#breaker.succeeded();
  }
}
