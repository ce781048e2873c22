import type Provider from 'oidc-provider';
import type { Grant } from 'oidc-provider';
import { oidcScopes, permissionsOfClient, type OAuthClient } from '../clients/oauth-client.ts';
import type { DeviceRequest } from './device-requests.ts';

/** What a request of a device is granted: what it asked for, of what its client is registered for now. */
export function scopesOfDevice({ scopes, resources }: DeviceRequest, client: OAuthClient): readonly string[] {
  const own = permissionsOfClient(client);
  return scopes.filter((scope) =>
    // Permissions are for a resource; without one there is nothing that they could be used at.
    isOidc(scope) ? client.scopes.includes(scope) : resources.length > 0 && own.includes(scope),
  );
}

/**
 * Makes the grant of a device. It is its own, so that it ends with the sign-in of the device and no other one.
 *
 * @param seconds for which that sign-in lasts at most: the usual ones are those of a session in a browser, which is shorter.
 */
export function makeDeviceGrant(
  provider: Provider,
  accountId: string,
  client: OAuthClient,
  { request, seconds }: { readonly request: DeviceRequest; readonly seconds: number },
): Grant {
  const { Grant: Model } = provider;
  const create = Model as unknown as new (properties: object) => Grant; // Its type leaves out what all models take.
  const grant = new create({ accountId, clientId: client.id, expiresIn: seconds });
  const scopes = scopesOfDevice(request, client);
  const oidc = scopes.filter(isOidc);
  const permissions = scopes.filter((scope) => !isOidc(scope));
  if (oidc.length > 0) grant.addOIDCScope(oidc.join(' '));
  if (permissions.length > 0)
    for (const resource of request.resources) grant.addResourceScope(resource, permissions.join(' '));
  return grant;
}

function isOidc(scope: string): boolean {
  return oidcScopes.some((known) => known === scope);
}
