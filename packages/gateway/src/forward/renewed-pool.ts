import type { Dispatcher, Pool } from 'undici';

/**
 * Kept connections to a target, none of which is used again when it is older than the given time: then they all give way
 * to new ones, and each ends with the request that it carries. undici can do so as well (`clientTtl`), but looks at the
 * age of every connection with every request.
 */
export class RenewedPool {
  readonly #open: () => Pool;
  readonly #milliseconds: number;
  readonly #ending = new Set<Pool>();
  #current: Pool;
  #timer: NodeJS.Timeout | undefined;

  constructor(open: () => Pool, milliseconds: number) {
    this.#open = open;
    this.#milliseconds = milliseconds;
    this.#current = this.#openNext();
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#current.dispatch(options, handler);
  }

  request(options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> {
    return this.#current.request(options);
  }

  /** Opens new connections for every request from now on; those that are used end with the request that they carry. */
  renew(): void {
    clearTimeout(this.#timer);
    const old = this.#current;
    this.#current = this.#openNext();
    this.#ending.add(old);
    const forget = (): void => void this.#ending.delete(old);
    old.close().then(forget, forget);
  }

  /** Ends all connections, whatever they are used for. */
  async destroy(): Promise<void> {
    clearTimeout(this.#timer);
    await Promise.all([this.#current, ...this.#ending].map((pool) => pool.destroy()));
  }

  /** The time begins with the first connection: where none is used, there is nothing to renew. */
  #openNext(): Pool {
    const pool = this.#open();
    pool.once('connect', () => {
      // One that was replaced before its first connection has no say any more.
      if (pool === this.#current) this.#timer = setTimeout(() => this.renew(), this.#milliseconds).unref();
    });
    return pool;
  }
}
