import { errors, type Client, type KoaContextWithOIDC, type ResourceServer } from 'oidc-provider';
import type { ProtectedResource } from '@sallyport/core';
import { ownClientOf } from './own-client.ts';

export interface ProviderResourceParts {
  /** What stands for the gateway itself, as an audience. */
  readonly publicOrigin: string;
  /** Routes that are audiences of their own at the gateway, as they are now. */
  readonly protectedResources: () => readonly ProtectedResource[];
  readonly accessTokens: 'jwt' | 'opaque';
  readonly accessSeconds: number;
}

/** What the library asks about resource indicators (RFC 8707). */
export interface ProviderResources {
  getResourceServerInfo(ctx: KoaContextWithOIDC, resource: string, client: Client): ResourceServer;
  defaultResource(
    ctx: KoaContextWithOIDC,
    client: Client,
    oneOf?: readonly string[],
  ): string | readonly string[] | undefined;
}

/**
 * Builds the answers. Which resources a client may have tokens for is registered with it, and so is what it may ask for there:
 * permissions of the policy.
 */
export function createProviderResources(parts: ProviderResourceParts): ProviderResources {
  const { publicOrigin, protectedResources, accessTokens, accessSeconds } = parts;
  return {
    getResourceServerInfo(_ctx, resource, client) {
      const { resources, permissions } = ownClientOf(client);
      const registered = resources.find((each) => isSameResource(each, resource));
      if (registered === undefined) throw new errors.InvalidTarget('the client is not registered for the resource');
      const route = protectedResources().find((each) => isSameResource(each.resource, registered));
      if (route !== undefined)
        return {
          audience: route.resource,
          scope: permissions.filter((permission) => route.scopes.includes(permission)).join(' '),
          accessTokenTTL: accessSeconds,
          accessTokenFormat: accessTokens,
        };
      const isOurs = isSameResource(registered, publicOrigin);
      return {
        audience: isOurs ? publicOrigin : registered,
        scope: permissions.join(' '),
        accessTokenTTL: accessSeconds,
        accessTokenFormat: isOurs ? accessTokens : 'jwt',
      };
    },
    defaultResource(ctx, client, oneOf) {
      if (oneOf !== undefined) return oneOf;
      // Without users there is nothing else that a token could be for.
      if (ctx.oidc.params?.['grant_type'] !== 'client_credentials') return undefined;
      return ownClientOf(client).resources.find((each) => isSameResource(each, publicOrigin));
    },
  };
}

/** Whether two texts are the same address: of an origin the slash at its end is written by some, and left out by others. */
export function isSameResource(one: string, other: string): boolean {
  return one === other || (URL.parse(one)?.href ?? one) === (URL.parse(other)?.href ?? other);
}

/** Whether tokens of an audience are judged by the gateway: those for itself, and those for one of its routes. */
export function isOwnAudience(
  audience: string,
  { publicOrigin, protectedResources }: Pick<ProviderResourceParts, 'publicOrigin' | 'protectedResources'>,
): boolean {
  return (
    isSameResource(audience, publicOrigin) ||
    protectedResources().some(({ resource }) => isSameResource(resource, audience))
  );
}
