import { internalRoutesPath, SallyportError, type AudienceRoute, type Route } from '@sallyport/core';
import type { Mount } from './mount.ts';

const audienceForm = /^[a-z][a-z0-9-]*$/;

/**
 * Tells a service under which prefixes requests come to it, so that it can say at its start that its own prefix is another
 * one. On the internal listener only, where, like the keys, it needs no credential. Nothing that is protected depends on it.
 */
export function createAudienceRoutesMount(routes: readonly Route[]): Mount {
  return {
    name: 'audience-routes',
    prefix: internalRoutesPath,
    access: 'public',
    slide: false,
    handle: (request, response) => {
      const audience = request.url?.slice(internalRoutesPath.length + 1) ?? '';
      if (!audienceForm.test(audience)) throw new SallyportError('SP_NOT_FOUND', { reason: 'no-route' });
      if (request.method !== 'GET')
        throw new SallyportError('SP_METHOD_NOT_ALLOWED', { reason: 'method-not-served', allow: ['GET'] });
      const body = JSON.stringify({ routes: routes.filter((route) => route.audience === audience).map(toAnswer) });
      response.writeHead(200, {
        'content-type': 'application/json',
        'cache-control': 'no-store',
        'content-length': Buffer.byteLength(body),
      });
      response.end(body);
    },
  };
}

function toAnswer({ prefix, stripPrefix }: Route): AudienceRoute {
  return { prefix, stripPrefix };
}
