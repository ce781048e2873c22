/**
 * Tells the other processes of a deployment what may be lost: nothing is numbered, repeated or kept. What must arrive, such
 * as the end of a session, goes over the bus of invalidations (`InvalidationBus`).
 */
export interface Broadcast {
  /** Sends a text to the other processes. It never rejects and never waits: what cannot be sent now is dropped. */
  send(text: string): void;
  /** Called with what other processes sent, never with what this one did. @returns a function that ends it. */
  listen(listener: (text: string) => void): () => void;
}
