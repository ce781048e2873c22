import { createLeastRecentlyUsed, networkOf, SallyportError } from '@sallyport/core';

/** Bounds on calls that visitors cause who are not signed in. */
export interface FetchBounds {
  /**
   * Makes a call to a host for a visitor. Rejects with `SP_SERVICE_UNAVAILABLE` where too many calls to the host are under way
   * or were begun in this minute, of all visitors or of the network of this one.
   */
  run<Result>(host: string, clientAddress: string, call: () => Promise<Result>): Promise<Result>;
}

const maxAtOnce = 8;
const maxPerMinute = 300;
/** So that one visitor does not use up what there is for all. */
const maxPerMinuteOfNetwork = 30;
const rememberedNetworks = 2000;

interface Begun {
  minute: number;
  count: number;
}

/** Builds them. Hosts are those of a list in the configuration, so that there are few. */
export function createFetchBounds(now: () => Date): FetchBounds {
  const running = new Map<string, number>();
  const ofHosts = new Map<string, Begun>();
  const ofNetworks = createLeastRecentlyUsed<Begun>(rememberedNetworks);

  const begin = (
    counts: { get(key: string): Begun | undefined; set(key: string, value: Begun): unknown },
    key: string,
    max: number,
  ): void => {
    const minute = Math.floor(now().getTime() / 60_000);
    const known = counts.get(key);
    const begun = known?.minute === minute ? known : { minute, count: 0 };
    if (begun.count >= max) throw tooMany();
    begun.count += 1;
    counts.set(key, begun);
  };

  return {
    async run(host, clientAddress, call) {
      const count = running.get(host) ?? 0;
      if (count >= maxAtOnce) throw tooMany();
      begin(ofNetworks, networkOf(clientAddress), maxPerMinuteOfNetwork);
      begin(ofHosts, host, maxPerMinute);
      running.set(host, count + 1);
      try {
        return await call();
      } finally {
        running.set(host, (running.get(host) ?? 1) - 1);
      }
    },
  };
}

function tooMany(): SallyportError {
  return new SallyportError('SP_SERVICE_UNAVAILABLE', { reason: 'client-document-limit', retryAfterSeconds: 30 });
}
