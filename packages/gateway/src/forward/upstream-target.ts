import type { Pool } from 'undici';
import { serverNameOf } from './upstream-connector.ts';

/** When a target is left alone, and for how long. */
export interface BreakerOptions {
  /** Failures in a row after which a target is left alone. */
  readonly failures: number;
  /** Until one request is let through to see how it is. */
  readonly pauseMilliseconds: number;
}

/** One process behind a route: its connections, and what the last requests told of it. */
export class UpstreamTarget {
  readonly origin: string;
  readonly serverName: string;
  readonly pool: Pool;
  readonly #breaker: BreakerOptions;
  readonly #maxInFlight: number;
  inFlight = 0;
  #failuresInARow = 0;
  /** Left alone since it failed too often. */
  #isSuspended = false;
  #isTried = false;
  #pausedUntil = 0;
  /** Failed its health checks. */
  #isUnhealthy = false;

  constructor(origin: string, pool: Pool, breaker: BreakerOptions, maxInFlight: number) {
    this.origin = origin;
    this.serverName = serverNameOf(origin);
    this.pool = pool;
    this.#breaker = breaker;
    this.#maxInFlight = maxInFlight;
  }

  get isSuspended(): boolean {
    return this.#isSuspended || this.#isUnhealthy;
  }

  /** Whether a request may be sent now. */
  mayTake(): boolean {
    if (this.inFlight >= this.#maxInFlight) return false;
    return !this.isSuspended || this.#mayBeTried();
  }

  /** Seconds until it is worth asking again; nothing when it is only busy. */
  retryAfterSeconds(): number {
    if (!this.#isSuspended) return 1;
    return Math.max(1, Math.ceil((this.#pausedUntil - performance.now()) / 1000));
  }

  /** A request is on its way. */
  began(): void {
    this.inFlight++;
    if (this.#isSuspended) this.#isTried = true;
  }

  /** It is over, however it went. */
  ended(): void {
    this.inFlight--;
    this.#isTried = false;
  }

  /** An answer began: whatever it says, somebody is there. */
  answered(): void {
    this.#failuresInARow = 0;
    this.#isSuspended = false;
  }

  /** There was no answer. */
  failed(): void {
    if (++this.#failuresInARow < this.#breaker.failures) return;
    this.#isSuspended = true;
    this.#pausedUntil = performance.now() + this.#breaker.pauseMilliseconds;
  }

  /** What a health check found. */
  checked(isHealthy: boolean): void {
    this.#isUnhealthy = !isHealthy;
    if (isHealthy) this.answered();
  }

  #mayBeTried(): boolean {
    return !this.#isUnhealthy && !this.#isTried && performance.now() >= this.#pausedUntil;
  }
}
