import { SallyportError, sharedAssetsPath, type Route } from '@sallyport/core';
import type { Mount } from '@sallyport/gateway';
import { sharedAssetsPlace } from '../mount-places.ts';
import { fetchFromZones } from './fetch-from-zones.ts';
import { originsOfZones } from './origins-of-zones.ts';
import { addBrotli, bytesOf, createSharedAsset, sendSharedAsset, type SharedAsset } from './shared-asset.ts';

/** What the mount is built from. */
export interface SharedAssetsParts {
  /** The routes as they are now: the assets of the zones among them are asked. */
  readonly routes: () => readonly Route[];
  /** Memory that files may take. @default 64 MiB */
  readonly maxBytes?: number;
  /** Files that are fetched at the same time. @default 64 */
  readonly maxFetches?: number;
  /** Those of them that one address asked for. @default 32 */
  readonly maxFetchesPerAddress?: number;
  readonly now?: () => number;
}

/** How long a file that no zone has is not asked for again. A zone that is deployed has it soon after. */
const missMilliseconds = 10_000;
/** Files of which that is remembered. */
const maxMisses = 2000;

/** Whatever Next.js calls its files; never a step up. */
const filePath = /^\/_next\/static(?:\/(?!\.{1,2}(?:\/|$))(?:[A-Za-z0-9_.~@$()-]|%5[BD])+)+$/i;

/**
 * Serves the scripts, styles and fonts of all zones at one path, `/_zones/shared`, so that a browser fetches what is equal in
 * several of them once. Names hold a hash of the content: it does not matter which zone a file comes from, and nothing that
 * was fetched is fetched again. Files are kept in memory and sent with Brotli.
 *
 * A zone takes part by `sharedAssets` of `withZone`.
 */
export function createSharedAssetsMount(parts: SharedAssetsParts): Mount {
  const { routes, maxBytes = 64 * 1024 * 1024, maxFetches = 64, maxFetchesPerAddress = 32, now = Date.now } = parts;
  const kept = new Map<string, SharedAsset>();
  const fetches = new Map<string, Promise<SharedAsset>>();
  const fetchesByAddress = new Map<string, number>();
  /** Since when no zone has a file: a flood of made-up names costs the zones one request each. */
  const misses = new Map<string, number>();
  let compression: Promise<void> = Promise.resolve();

  /** Puts a file behind all others: the one unused for longest makes room. */
  const keep = (path: string, asset: SharedAsset): void => {
    kept.delete(path);
    kept.set(path, asset);
  };
  const makeRoom = (): void => {
    let bytes = [...kept.values()].reduce((sum, asset) => sum + bytesOf(asset), 0);
    for (const [path, asset] of kept) {
      if (bytes <= maxBytes) break;
      kept.delete(path);
      bytes -= bytesOf(asset);
    }
  };

  const noteMiss = (path: string): void => {
    misses.delete(path);
    misses.set(path, now());
    for (const oldest of misses.keys()) {
      if (misses.size <= maxMisses) break;
      misses.delete(oldest);
    }
  };
  const isMissing = (path: string): boolean => {
    const since = misses.get(path);
    return since !== undefined && now() - since < missMilliseconds;
  };

  const fetchAsset = async (path: string): Promise<SharedAsset> => {
    // Next.js serves its files at this path, whatever it says in front of it in its pages.
    const file = await fetchFromZones(originsOfZones(routes()), path);
    if (file === undefined) {
      noteMiss(path);
      throw new SallyportError('SP_NOT_FOUND', { reason: 'no-such-asset' });
    }
    const asset = await createSharedAsset(file.mediaType, file.content);
    keep(path, asset);
    makeRoom();
    // One at a time, because no client waits for it. Where it fails, the file stays as it is.
    compression = compression.then(() => addBrotli(asset)).then(makeRoom, () => {});
    return asset;
  };

  const load = async (path: string, address: string): Promise<SharedAsset> => {
    const underWay = fetches.get(path);
    if (underWay !== undefined) return underWay;
    if (isMissing(path)) throw new SallyportError('SP_NOT_FOUND', { reason: 'no-such-asset' });
    const ofAddress = fetchesByAddress.get(address) ?? 0;
    if (fetches.size >= maxFetches || ofAddress >= maxFetchesPerAddress)
      throw new SallyportError('SP_SERVICE_UNAVAILABLE', { reason: 'asset-limit' });
    fetchesByAddress.set(address, ofAddress + 1);
    const begun = fetchAsset(path).finally(() => {
      fetches.delete(path);
      const left = (fetchesByAddress.get(address) ?? 1) - 1;
      if (left === 0) fetchesByAddress.delete(address);
      else fetchesByAddress.set(address, left);
    });
    fetches.set(path, begun);
    return begun;
  };

  return {
    ...sharedAssetsPlace,
    async handle({ method, url = '', headers }, response, { clientAddress }) {
      if (method !== 'GET' && method !== 'HEAD')
        throw new SallyportError('SP_METHOD_NOT_ALLOWED', { reason: 'method-not-served', allow: ['GET', 'HEAD'] });
      // Next.js adds the id of a deployment as a query; the name alone says which file it is.
      const path = url.replace(/\?.*$/s, '').slice(sharedAssetsPath.length);
      if (!filePath.test(path)) throw new SallyportError('SP_NOT_FOUND', { reason: 'no-such-asset' });
      const found = kept.get(path);
      if (found !== undefined) keep(path, found);
      sendSharedAsset(found ?? (await load(path, clientAddress)), method, headers['accept-encoding'], response);
    },
  };
}
