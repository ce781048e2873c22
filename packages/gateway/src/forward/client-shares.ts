/** Counts what each client has in flight at one place, so that none takes more than its share. `undefined` has no share. */
export class ClientShares {
  readonly #max: number;
  readonly #counts = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  isUsed(client: string | undefined): boolean {
    return client !== undefined && (this.#counts.get(client) ?? 0) >= this.#max;
  }

  add(client: string | undefined): void {
    if (client !== undefined) this.#counts.set(client, (this.#counts.get(client) ?? 0) + 1);
  }

  remove(client: string | undefined): void {
    if (client === undefined) return;
    const left = (this.#counts.get(client) ?? 1) - 1;
    if (left === 0) this.#counts.delete(client);
    else this.#counts.set(client, left);
  }
}
