/** When the circuit of a target opens, and for how long. */
export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** From opening until one request may probe the target. */
  readonly pauseMilliseconds: number;
}

/** `closed`: requests pass. `open`: none does, until the pause is over. `half-open`: one is on its way as a probe. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/**
 * The circuit breaker of one target (Nygard, "Release It!"): a target that failed several times in a row gets no requests
 * for a while, then one. An answer closes the circuit, whatever its status; a failed probe begins another pause.
 */
export class CircuitBreaker {
  readonly #failures: number;
  readonly #pauseMilliseconds: number;
  #state: BreakerState = 'closed';
  #failuresInARow = 0;
  #pausedUntil = 0;

  constructor({ failures, pauseMilliseconds }: BreakerOptions) {
    this.#failures = failures;
    this.#pauseMilliseconds = pauseMilliseconds;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Whether a request may be sent now. */
  allows(): boolean {
    if (this.#state === 'closed') return true;
    return this.#state === 'open' && performance.now() >= this.#pausedUntil;
  }

  /** Seconds until a probe may be sent; 1 while closed. */
  retryAfterSeconds(): number {
    if (this.#state === 'closed') return 1;
    return Math.max(1, Math.ceil((this.#pausedUntil - performance.now()) / 1000));
  }

  /** A request was sent. */
  began(): void {
    if (this.#state === 'open') this.#state = 'half-open';
  }

  /** A request is over. A probe without an outcome, such as one whose client left, makes way for another. */
  ended(): void {
    if (this.#state === 'half-open') this.#state = 'open';
  }

  succeeded(): void {
    this.#failuresInARow = 0;
    this.#state = 'closed';
  }

  failed(): void {
    if (++this.#failuresInARow < this.#failures) return;
    // A probe that is still on its way stays the only one.
    if (this.#state === 'closed') this.#state = 'open';
    this.#pausedUntil = performance.now() + this.#pauseMilliseconds;
  }
}
