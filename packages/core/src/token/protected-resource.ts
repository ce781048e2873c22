import type { Route } from '../options/route.ts';
import { selectPermissions } from '../policy/permission.ts';

/** Where the metadata of protected resources is (RFC 9728, section 3.1): the path of the resource follows it. */
export const protectedResourcePath = '/.well-known/oauth-protected-resource';

/** A route that is an OAuth protected resource of its own: access tokens are made for it alone. */
export interface ProtectedResource {
  /** The name of its route. */
  readonly route: string;
  /** Its identifier, and the audience of its tokens (RFC 8707): the public URL with the prefix of the route. */
  readonly resource: string;
  /** Path of its metadata, below the public URL. */
  readonly metadataPath: string;
  readonly metadataUrl: string;
  /** Every permission that a token for it may carry. */
  readonly scopes: readonly string[];
  /** What a client that has no token yet is told to ask for. */
  readonly firstScopes: readonly string[];
  /** As clients show it; absent means the name of the product. */
  readonly name?: string;
}

type ResourceRoute = Pick<Route, 'name' | 'prefix' | 'access' | 'permissions' | 'mcp'>;

/**
 * Says which protected resource a route is; `undefined` for a route without `mcp`, whose tokens are those of the gateway.
 *
 * @param publicOrigin origin that clients see.
 * @param permissions every permission of the policy: what `note:*` and `*` stand for.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9728 RFC 9728}
 * @example
 * protectedResourceOf(route, 'https://app.example.com', ['note:read'])?.resource; // 'https://app.example.com/mcp'
 */
export function protectedResourceOf(
  { name, prefix, access, permissions: interests, mcp }: ResourceRoute,
  publicOrigin: string,
  permissions: readonly string[],
): ProtectedResource | undefined {
  if (mcp === undefined) return undefined;
  const demanded = typeof access === 'string' ? [] : (access.permissions ?? []);
  const settings = mcp === true ? {} : mcp;
  const metadataPath = protectedResourcePath + prefix;
  const scopes = [...new Set([...demanded, ...selectPermissions(permissions, interests)])];
  return {
    route: name,
    resource: publicOrigin + prefix,
    metadataPath,
    metadataUrl: publicOrigin + metadataPath,
    scopes,
    firstScopes: settings.scopes ?? (demanded.length > 0 ? demanded : scopes),
    ...(settings.name === undefined ? {} : { name: settings.name }),
  };
}
