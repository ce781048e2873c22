/** As many clients are remembered before those that have nothing in flight are looked for. */
const leastSweep = 1024;

/** Counts what each client has in flight at one place, so that none takes more than its share. `undefined` has no share. */
export class ClientShares {
  readonly #max: number;
  /** Counters stay for the next request of their client: to add and to delete one with each costs more than the count. */
  readonly #counters = new Map<string, { inFlight: number }>();
  #sweepAt = leastSweep;

  constructor(max: number) {
    this.#max = max;
  }

  isUsed(client: string | undefined): boolean {
    return client !== undefined && (this.#counters.get(client)?.inFlight ?? 0) >= this.#max;
  }

  add(client: string | undefined): void {
    if (client === undefined) return;
    const counter = this.#counters.get(client);
    if (counter !== undefined) {
      counter.inFlight++;
      return;
    }
    if (this.#counters.size >= this.#sweepAt) this.#sweep();
    this.#counters.set(client, { inFlight: 1 });
  }

  remove(client: string | undefined): void {
    const counter = client === undefined ? undefined : this.#counters.get(client);
    if (counter !== undefined) counter.inFlight--;
  }

  /** Doubling what remains keeps the work per request the same, however many clients there are. */
  #sweep(): void {
    for (const [client, { inFlight }] of this.#counters) if (inFlight === 0) this.#counters.delete(client);
    this.#sweepAt = Math.max(leastSweep, 2 * this.#counters.size);
  }
}
