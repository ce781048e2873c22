import { OptionsError } from '@sallyport/core/browser';
import type { NextConfig } from 'next';

export interface ZoneOptions {
  /** Name of the application: the audience in its route at the gateway, and the folder of its assets. */
  readonly name: string;
  /** Path under which all its pages live; `/` is the shell, which every other path belongs to. @default `/<name>` */
  readonly mount?: string;
  /** Folder of the lock file, when the application is one of several in a repository. */
  readonly repositoryRoot?: string;
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
 * A zone's scripts, styles and fonts come from `/_zones/<name>/_next/…`: give that prefix a public route at the gateway. Files in
 * `public/` and pages are not moved: keep them under the mount.
 *
 * @throws OptionsError when the name or the mount is not plain, or `assetPrefix` or `basePath` is set.
 */
export function withZone(config: NextConfig, zone: ZoneOptions): NextConfig {
  const { name, mount = `/${name}`, repositoryRoot } = zone;
  requirePlain(name, mount, config);
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
    ...(mount === '/' ? {} : { assetPrefix: `/_zones/${name}` }),
    // The router notices by these that a page belongs to another application. Equal ones would mix the two.
    ...(deploymentId === undefined ? {} : { deploymentId: `${name}-${deploymentId}` }),
    ...(generateBuildId === undefined ? {} : { generateBuildId: async () => prefixed(name, await generateBuildId()) }),
    headers: async () => [{ source: '/:path*', headers: securityHeaders }, ...((await config.headers?.()) ?? [])],
  };
}

function requirePlain(name: string, mount: string, config: NextConfig): void {
  if (!/^[a-z][a-z0-9-]*$/.test(name))
    throw new OptionsError('a zone is named with lower-case letters, digits and dashes');
  if (!/^\/(?:[a-z0-9-]+(?:\/[a-z0-9-]+)*)?$/.test(mount))
    throw new OptionsError(`the mount of zone "${name}" is not a plain path such as "/account"`);
  if (config.assetPrefix !== undefined || config.basePath !== undefined)
    throw new OptionsError(`zone "${name}" sets assetPrefix or basePath: withZone decides where its assets are`);
}

function prefixed(name: string, buildId: string | null): string | null {
  return buildId === null ? null : `${name}-${buildId}`;
}
