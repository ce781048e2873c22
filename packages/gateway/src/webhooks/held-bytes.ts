import { SallyportError } from '@sallyport/core';

/** Bytes of bodies that are held until they are verified, of all clients together. */
export interface HeldBytes {
  /** What is held now. */
  readonly held: number;
  /**
   * Opens what one body takes.
   *
   * @param client whose share it is part of; `undefined` has none.
   * @param most what the body may take: a share is never too small for one.
   */
  open(client: string | undefined, most: number): HeldBody;
}

/** What one body takes. */
export interface HeldBody {
  /** Takes this much more. Throws `SP_SERVICE_UNAVAILABLE` where there is no room, of all or of this client. */
  take(bytes: number): void;
  /** Gives everything back. */
  release(): void;
}

/** Whatever a body has, keeping it costs this much beside. */
const bytesPerBody = 2048;

/**
 * Builds the account of bytes. One client has at most a quarter: a client that is slow with many bodies at once leaves room for
 * the others.
 */
export function createHeldBytes(max: number): HeldBytes {
  const byClient = new Map<string, number>();
  let held = 0;

  const add = (client: string | undefined, bytes: number): void => {
    held += bytes;
    if (client === undefined) return;
    const next = (byClient.get(client) ?? 0) + bytes;
    if (next === 0) byClient.delete(client);
    else byClient.set(client, next);
  };

  return {
    get held() {
      return held;
    },
    open: (client, most) => {
      const share = Math.max(max / 4, most + bytesPerBody);
      let own = 0;
      const take = (bytes: number): void => {
        const ofClient = client === undefined ? 0 : (byClient.get(client) ?? 0);
        if (held + bytes > max || ofClient + bytes > share)
          throw new SallyportError('SP_SERVICE_UNAVAILABLE', { reason: 'webhook-bodies-held', retryAfterSeconds: 2 });
        own += bytes;
        add(client, bytes);
      };
      take(bytesPerBody);
      return {
        take,
        release: () => {
          add(client, -own);
          own = 0;
        },
      };
    },
  };
}
