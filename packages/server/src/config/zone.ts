import type { RouteInput } from '@sallyport/core';
import { OptionsError, zonePlace } from '@sallyport/core/browser';
import type { NamedRoute } from './route-of-policy.ts';

/** What `zone()` sets itself. */
type FixedKey = 'name' | 'prefix' | 'stripPrefix' | 'zone';

/** A zone: what a route to its pages may say, less what follows from its name. */
export interface ZoneInput extends Omit<RouteInput, FixedKey | 'audience'> {
  /** Path under which all its pages live, the same as in `withZone`; `/` is the shell. @default `/<name>` */
  readonly mount?: string;
  /** Audience of its tokens, `SALLYPORT_AUDIENCE` in its environment. @default its name */
  readonly audience?: string;
}

/** The same, with the names of roles and permissions that it speaks of. */
type ZoneOf<Role extends string, Permission extends string, Interest extends string> = Omit<
  ZoneInput,
  'access' | 'permissions'
> &
  Pick<NamedRoute<Role, Permission, Interest>, 'access' | 'permissions'>;

const fixedKeys = ['name', 'prefix', 'stripPrefix', 'zone'] satisfies readonly FixedKey[];

/**
 * Makes both routes of a Next.js application that was built with `withZone`: the one to its pages, and the public one to
 * their scripts, styles and fonts, without which they are pages without JavaScript.
 *
 * Its tokens carry name and email address of the user (`profile`), unless that is switched off.
 *
 * @returns the two routes, to be spread into `routes`.
 * @throws OptionsError when the name or the mount is not plain, or a key is given that follows from them.
 *
 * @example
 * export default defineConfig({
 *   publicUrl: 'https://app.example.com',
 *   policy,
 *   routes: [
 *     ...zone('shell', { mount: '/', upstream: 'http://shell:3000', access: 'optional' }),
 *     ...zone('portal', { upstream: 'http://portal:3000', access: { roles: ['vendor'] }, permissions: ['product:*'] }),
 *   ],
 * });
 */
export function zone<Role extends string = never, Permission extends string = never, Interest extends string = never>(
  name: string,
  options: ZoneOf<Role, Permission, Interest>,
): readonly [pages: NamedRoute<Role, Permission, Interest>, assets: NamedRoute<never, never, never>] {
  const { mount, audience = name, ...pages } = options;
  const place = zonePlace(name, mount);
  const fixed = fixedKeys.find((key) => Object.hasOwn(options, key));
  if (fixed !== undefined)
    throw new OptionsError(`zone "${name}" sets "${fixed}", which follows from its name and its mount`);

  const { upstream, hosts } = pages;
  return [
    { profile: true, ...pages, name, prefix: place.mount, audience, zone: true },
    {
      name: `${name}-assets`,
      prefix: place.assets,
      upstream,
      ...(hosts === undefined ? {} : { hosts }),
      audience,
      // The same for everybody, and fetched by pages for strangers too.
      access: 'public',
      slide: false,
    },
  ];
}
