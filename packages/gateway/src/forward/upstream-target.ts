import type { Dispatcher } from 'undici';
import { CircuitBreaker, type BreakerOptions } from './circuit-breaker.ts';
import { ClientShares } from './client-shares.ts';
import type { RenewedPool } from './renewed-pool.ts';
import { serverNameOf } from './upstream-connector.ts';

/** Connections to a target. */
export interface TargetConnections {
  /** Kept for the next request. */
  readonly kept: RenewedPool;
  /** Builds a pool whose every request goes over a new connection. */
  readonly openUnkept: () => RenewedPool;
}

/** How many requests may be in flight at a target. */
export interface InFlightLimits {
  readonly total: number;
  /** Of one client. */
  readonly perClient: number;
}

/** One process behind a route: its connections, its circuit breaker, and what its health checks found. */
export class UpstreamTarget {
  readonly origin: string;
  readonly serverName: string;
  readonly #kept: RenewedPool;
  readonly #openUnkept: () => RenewedPool;
  #unkept: RenewedPool | undefined;
  readonly #breaker: CircuitBreaker;
  readonly #maxInFlight: number;
  readonly #shares: ClientShares;
  inFlight = 0;
  #isHealthy = true;

  constructor(origin: string, connections: TargetConnections, breaker: BreakerOptions, limits: InFlightLimits) {
    this.origin = origin;
    this.serverName = serverNameOf(origin);
    this.#kept = connections.kept;
    this.#openUnkept = connections.openUnkept;
    this.#breaker = new CircuitBreaker(breaker);
    this.#maxInFlight = limits.total;
    this.#shares = new ClientShares(limits.perClient);
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

  /** Whether a client has its share of what may be in flight here. */
  isShareUsed(client: string | undefined): boolean {
    return this.#shares.isUsed(client);
  }

  /** Sends a request over a kept connection, which its other side may have closed meanwhile. */
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#kept.dispatch(options, handler);
  }

  /** The same for a request of the gateway's own. */
  request(options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> {
    return this.#kept.request(options);
  }

  /** Sends a request over a connection of its own. */
  dispatchAnew(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#unkept ??= this.#openUnkept();
    this.#unkept.dispatch(options, handler);
  }

  /** Sends every request from now on over a new connection; what is in flight ends where it began. */
  renewConnections(): void {
    this.#kept.renew();
    this.#unkept?.renew();
  }

  /** Ends all connections, whatever they are used for. */
  async destroy(): Promise<void> {
    await Promise.all([this.#kept.destroy(), this.#unkept?.destroy()]);
  }

  /** A request of this client was sent. */
  began(client: string | undefined): void {
    this.inFlight++;
    this.#shares.add(client);
    this.#breaker.began();
  }

  /** A request of this client is over, with or without an answer. */
  ended(client: string | undefined): void {
    this.inFlight--;
    this.#shares.remove(client);
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
