import { OptionsError, sharedAssetsPath, zonePlace } from '@sallyport/core/browser';
import type { NextConfig } from 'next';
import { rootLayoutsRenderedAhead } from './cache-components.ts';

export interface ZoneOptions {
  /** Name of the application: the audience in its route at the gateway, and the folder of its assets. */
  readonly name: string;
  /** Path under which all its pages live; `/` is the shell, which every other path belongs to. @default `/<name>` */
  readonly mount?: string;
  /** Folder of the application. @default the folder in which Next.js runs */
  readonly folder?: string;
  /** Folder of the lock file, when the application is one of several in a repository. */
  readonly repositoryRoot?: string;
  /**
   * Whether scripts, styles and fonts come from `/_zones/shared`, where the gateway serves those of all zones: what is equal in
   * several of them, such as React, is fetched once. Not in development, and not for a zone with hosts of its own.
   *
   * @default false
   */
  readonly sharedAssets?: boolean;
}

/** Sent with every answer. The content security policy is not here, because it differs by answer: see `zoneProxy()`. */
const securityHeaders = [
  { key: 'X-Content-Type-Options', value: 'nosniff' },
  { key: 'X-Frame-Options', value: 'DENY' },
  // Addresses of mailed links carry single-use tokens: no other site learns them. "no-referrer" would blank Origin as well.
  { key: 'Referrer-Policy', value: 'same-origin' },
  { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
  { key: 'Cross-Origin-Resource-Policy', value: 'same-origin' },
  { key: 'Permissions-Policy', value: 'camera=(), microphone=(), geolocation=(), payment=(), usb=()' },
];

/**
 * Configures a Next.js application that lives behind the gateway beside others. What the application sets itself is kept,
 * except `assetPrefix`, which the gateway's route depends on.
 *
 * A zone's scripts, styles and fonts come from `/_zones/<name>/_next/…`: `zone(name, …)` in the configuration of the gateway makes
 * the routes of both. Files in `public/` and pages are not moved: keep them under the mount.
 *
 * @throws OptionsError when the name or the mount is not plain, when `assetPrefix` or `basePath` is set, and with
 *   `cacheComponents` when a root layout lacks `export const instant = false`.
 */
export function withZone(config: NextConfig, zone: ZoneOptions): NextConfig {
  const { name, folder = process.cwd(), repositoryRoot, sharedAssets = false } = zone;
  const { mount, assets } = zonePlace(name, zone.mount);
  if (config.assetPrefix !== undefined || config.basePath !== undefined)
    throw new OptionsError(`zone "${name}" sets assetPrefix or basePath: withZone decides where its assets are`);
  if (config.cacheComponents === true) requirePerRequest(name, folder);
  // oxlint-disable-next-line node/no-process-env -- a development server has modules of its own, which change
  const isShared = sharedAssets && process.env.NODE_ENV !== 'development';
  const { generateBuildId, deploymentId } = config;

  return {
    output: 'standalone',
    poweredByHeader: false,
    reactStrictMode: true,
    ...config,
    ...(repositoryRoot === undefined
      ? {}
      : { outputFileTracingRoot: repositoryRoot, turbopack: { root: repositoryRoot, ...config.turbopack } }),
    // The optimizer's address has no prefix, so two zones would share it; and it fetches and decodes what it is told to.
    images: { unoptimized: true, ...config.images },
    // requireAuth() answers 403 through it.
    experimental: { authInterrupts: true, ...config.experimental },
    ...assetPrefixOf(mount, isShared ? sharedAssetsPath : assets),
    // The router notices by these that a page belongs to another application. Equal ones would mix the two.
    ...(deploymentId === undefined ? {} : { deploymentId: `${name}-${deploymentId}` }),
    ...(generateBuildId === undefined ? {} : { generateBuildId: async () => prefixed(name, await generateBuildId()) }),
    headers: async () => [{ source: '/:path*', headers: securityHeaders }, ...((await config.headers?.()) ?? [])],
  };
}

function requirePerRequest(name: string, folder: string): void {
  const layouts = rootLayoutsRenderedAhead(folder);
  if (layouts.length === 0) return;
  throw new OptionsError(
    `zone "${name}" has cacheComponents on, which renders parts of pages ahead, without the nonce that their scripts need. ` +
      `Either write \`export const instant = false;\` into ${layouts.join(', ')}, and there \`await auth()\` or ` +
      '`await connection()` outside of every <Suspense>, or take cacheComponents and partialPrefetching out of next.config. ' +
      'See "Cache Components" in docs/guides/nextjs.md of the package sallyport.',
  );
}

/** Next.js puts them below `/_next` by itself. */
function assetPrefixOf(mount: string, assets: string): Pick<NextConfig, 'assetPrefix'> {
  return mount === '/' && assets !== sharedAssetsPath ? {} : { assetPrefix: assets };
}

function prefixed(name: string, buildId: string | null): string | null {
  return buildId === null ? null : `${name}-${buildId}`;
}
