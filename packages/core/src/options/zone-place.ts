import { OptionsError } from './options-error.ts';

/** Path below which the gateway serves scripts, styles and fonts of all zones that share them. */
export const sharedAssetsPath = '/_zones/shared';

/** Where a zone is behind the gateway. */
export interface ZonePlace {
  /** Path below which its pages are. */
  readonly mount: string;
  /** Path below which its scripts, styles and fonts are. */
  readonly assets: string;
}

/**
 * Says where a zone is. The routes of the gateway (`zone()`) and the application (`withZone()`) go by this one rule, so that
 * neither can expect the scripts of a zone where the other has none.
 *
 * @param mount path of its pages; `/` is the shell, which every path without a route of its own belongs to.
 * @throws OptionsError when the name or the mount is not plain, or the name is `shared`, which is the path of all zones.
 *
 * @example
 * zonePlace('portal'); // { mount: '/portal', assets: '/_zones/portal' }
 * zonePlace('shell', '/'); // { mount: '/', assets: '/_next' }
 */
export function zonePlace(name: string, mount = `/${name}`): ZonePlace {
  if (!/^[a-z][a-z0-9-]*$/.test(name))
    throw new OptionsError('a zone is named with lower-case letters, digits and dashes');
  if (`/_zones/${name}` === sharedAssetsPath)
    throw new OptionsError('a zone cannot be named "shared": that is the path of the assets of all zones');
  if (!/^\/(?:[a-z0-9-]+(?:\/[a-z0-9-]+)*)?$/.test(mount))
    throw new OptionsError(`the mount of zone "${name}" is not a plain path such as "/account"`);
  return { mount, assets: mount === '/' ? '/_next' : `/_zones/${name}` };
}
