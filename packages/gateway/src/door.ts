import type { DoorOptions } from './door-options.ts';

/** Where a listener can be reached. */
export interface Listening {
  readonly host: string;
  readonly port: number;
}

/** The door: one listener for browsers, one for zones and services. */
export interface Door {
  /** Opens the public listener, with TLS when a certificate is given. Rejects with a sentence that names a busy port. */
  listen(address: {
    readonly host: string;
    readonly port: number;
    readonly tls?: { readonly cert: string; readonly key: string };
  }): Promise<Listening>;
  /** Opens the internal listener: keys, health, and calls of zones and services for their users. */
  listenInternal(address: { readonly host: string; readonly port: number }): Promise<Listening>;
  /** Stops accepting, lets running requests end within the grace period, then closes everything. */
  close(options?: { readonly graceMilliseconds?: number }): Promise<void>;
}

/** Builds the door. */
export function createDoor(_options: DoorOptions): Door {
  throw new Error('not implemented');
}
