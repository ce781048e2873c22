import {
  brandManifestPath,
  brandPath,
  SallyportError,
  toBrandCss,
  toBrandDocument,
  toBrandManifest,
  type Brand,
} from '@sallyport/core';
import type { ServerResponse } from 'node:http';
import type { Mount } from '../routing/mount.ts';

/** Where the gateway serves what a brand looks like. */
export const brandPlace = {
  name: 'brand',
  prefix: brandPath,
  access: 'public',
  slide: false,
} as const;

/** A file that is served, by the bytes of its path. */
interface BrandFile {
  readonly mediaType: string;
  readonly content: Uint8Array | string;
  /** Its path changes with its content. */
  readonly isImmutable: boolean;
}

/** An image of an earlier brand: a page that was loaded before a reload, or from another gateway, still asks for it. */
const formerImage = /^\/auth\/assets\/brand\/(logo|logo-dark|icon|touch-icon)\.[0-9a-f]{1,64}\.[a-z]{1,5}$/;

/**
 * Serves the images of a brand, and at lasting addresses `brand.css` (its custom properties), `brand.json` (name, images,
 * theme colours and links) and `site.webmanifest` for applications that are not built in. On both listeners: zones read the one document.
 *
 * Images are shown by `<img>`, where no script of an SVG runs. Opened by themselves they stand in a sandbox.
 */
export function createBrandMount(brand: Brand): Mount {
  const { logo, logoDark, icon, touchIcon } = brand;
  const images = { logo, 'logo-dark': logoDark, icon, 'touch-icon': touchIcon };
  const files = new Map<string, BrandFile>(
    [logo, logoDark, icon, touchIcon]
      .filter((image) => image !== undefined)
      .map(({ path, mediaType, content }) => [path, { mediaType, content, isImmutable: true }]),
  );
  files.set(`${brandPlace.prefix}/brand.css`, {
    mediaType: 'text/css; charset=utf-8',
    content: toBrandCss(brand),
    isImmutable: false,
  });
  files.set(`${brandPlace.prefix}/brand.json`, {
    mediaType: 'application/json',
    content: JSON.stringify(toBrandDocument(brand)),
    isImmutable: false,
  });
  files.set(brandManifestPath, {
    mediaType: 'application/manifest+json',
    content: toBrandManifest(brand),
    isImmutable: false,
  });

  return {
    ...brandPlace,
    handle: (request, response) => {
      if (request.method !== 'GET' && request.method !== 'HEAD')
        throw new SallyportError('SP_METHOD_NOT_ALLOWED', { reason: 'method-not-served', allow: ['GET', 'HEAD'] });
      const path = request.url ?? '';
      const file = files.get(path);
      if (file !== undefined) return answerFile(response, file, request.method === 'HEAD');
      const kind = formerImage.exec(path)?.[1];
      const current = kind === undefined ? undefined : images[kind as keyof typeof images]; // One of the four names.
      if (current === undefined) throw new SallyportError('SP_NOT_FOUND', { reason: 'no-route' });
      response.writeHead(302, { location: current.path, 'cache-control': 'no-store', 'content-length': 0 }).end();
    },
  };
}

function answerFile(response: ServerResponse, { mediaType, content, isImmutable }: BrandFile, isHead: boolean): void {
  response.writeHead(200, {
    'content-type': mediaType,
    'content-length': typeof content === 'string' ? Buffer.byteLength(content) : content.byteLength,
    'cache-control': isImmutable ? 'public, max-age=31536000, immutable' : 'public, max-age=60',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    'cross-origin-resource-policy': 'same-origin',
  });
  response.end(isHead ? undefined : content);
}
