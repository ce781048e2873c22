import { dpopAlgorithms, SallyportError, type ProtectedResource } from '@sallyport/core';
import type { Mount } from '../routing/mount.ts';

/** What holds for the metadata of all protected resources. */
export interface ProtectedResourceMountsParts {
  /** The authorization server, which is this provider (RFC 8414, section 2, `issuer`). */
  readonly issuer: string;
  /** The name of the product. */
  readonly productName: string;
  /** Other sites whose scripts may use the route of a resource, by its name. */
  readonly originsOf: (route: string) => readonly string[];
}

const maxAgeSeconds = 300;

/**
 * Publishes the metadata of the protected resources, one document each, from which clients learn where they get tokens and
 * what they may ask for.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9728#section-3 RFC 9728, section 3}
 */
export function createProtectedResourceMounts(
  resources: readonly ProtectedResource[],
  parts: ProtectedResourceMountsParts,
): readonly Mount[] {
  return resources.map((resource) => createMount(resource, parts));
}

function createMount(
  resource: ProtectedResource,
  { issuer, productName, originsOf }: ProtectedResourceMountsParts,
): Mount {
  const { route, metadataPath, name = productName, scopes } = resource;
  const body = JSON.stringify({
    resource: resource.resource,
    resource_name: name,
    authorization_servers: [issuer],
    bearer_methods_supported: ['header'],
    dpop_signing_alg_values_supported: dpopAlgorithms,
    ...(scopes.length === 0 ? {} : { scopes_supported: scopes }),
  });
  return {
    ...protectedResourcePlace(route, metadataPath),
    crossOrigin: 'documents',
    moreOrigins: originsOf(route),
    handle(request, response) {
      if (request.url !== metadataPath) throw new SallyportError('SP_NOT_FOUND', { reason: 'no-route' });
      if (request.method !== 'GET' && request.method !== 'HEAD')
        throw new SallyportError('SP_METHOD_NOT_ALLOWED', { reason: 'method-not-served', allow: ['GET', 'HEAD'] });
      response.writeHead(200, {
        'content-type': 'application/json',
        'cache-control': `public, max-age=${maxAgeSeconds}`,
        'content-length': Buffer.byteLength(body),
      });
      response.end(request.method === 'HEAD' ? undefined : body);
    },
  };
}

/** Where the metadata of a route is. */
export function protectedResourcePlace(route: string, metadataPath: string) {
  return { name: `${route}-metadata`, prefix: metadataPath, access: 'public', slide: false } as const;
}
