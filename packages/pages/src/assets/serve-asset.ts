import type { IncomingMessage, ServerResponse } from 'node:http';
import { keptForAYear, SallyportError, toFileAnswer } from '@sallyport/core';
import type { Asset } from './assets.ts';

/** Answers a request for a file of the pages. */
export type ServeAsset = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Serves files under names that never change their content, in the smallest form that the client takes. A stylesheet is also
 * found under another hash, and then not stored: while a brand or a version changes, the page may be of another gateway.
 * A script is not: it must be the one of its page, and pages work without.
 *
 * @throws `SP_NOT_FOUND`, and `SP_METHOD_NOT_ALLOWED` for everything but GET and HEAD.
 */
export function createServeAsset(assets: readonly Asset[]): ServeAsset {
  const byPath = new Map(assets.map((asset) => [asset.path, asset]));
  const byName = new Map(assets.flatMap((asset) => (isStylesheet(asset.path) ? [[nameOf(asset.path), asset]] : [])));
  return ({ method, url = '', headers }, response) => {
    const own = byPath.get(url);
    const asset = own ?? (isStylesheet(url) ? byName.get(nameOf(url)) : undefined);
    if (asset === undefined) throw new SallyportError('SP_NOT_FOUND', { reason: 'no-such-asset' });
    if (method !== 'GET' && method !== 'HEAD')
      throw new SallyportError('SP_METHOD_NOT_ALLOWED', { reason: 'method-not-served', allow: ['GET', 'HEAD'] });
    const cacheControl = own === undefined ? 'no-store' : keptForAYear;
    const { headers: answered, content } = toFileAnswer(asset, String(headers['accept-encoding'] ?? ''), cacheControl);
    response.writeHead(200, answered);
    response.end(method === 'HEAD' ? undefined : content);
  };
}

const hashOfStylesheet = /-[\w-]{12}\.css$/;

function isStylesheet(path: string): boolean {
  return hashOfStylesheet.test(path);
}

/** The path without its hash. */
function nameOf(path: string): string {
  return path.replace(hashOfStylesheet, '');
}
