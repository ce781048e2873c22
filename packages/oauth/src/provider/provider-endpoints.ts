import { providerRoutes } from './provider-configuration.ts';

/** What the provider says of itself. */
export const providerDocuments: readonly string[] = [
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
];

const endpoints: readonly string[] = [...Object.values(providerRoutes), ...providerDocuments];

/** Whether there is something of the provider at a path. */
export function isProviderEndpoint(path: string): boolean {
  return (
    endpoints.includes(path) ||
    /^\/oauth2\/auth\/[\w-]{16,64}$/.test(path) ||
    path === `${providerRoutes.end_session}/confirm` ||
    path === `${providerRoutes.end_session}/success`
  );
}

/** Whether a browser is led there: everything else is answered to programs, in JSON. */
export function isForPeople(path: string): boolean {
  return path.startsWith(providerRoutes.authorization) || path.startsWith(providerRoutes.end_session);
}

/** With which methods it is asked. */
export function methodsOfEndpoint(path: string): readonly string[] {
  if (path === providerRoutes.userinfo) return ['GET', 'POST'];
  const {
    token,
    introspection,
    revocation,
    device_authorization: device,
    pushed_authorization_request: pushed,
    end_session: end,
  } = providerRoutes;
  const posted: readonly string[] = [token, introspection, revocation, device, pushed, `${end}/confirm`];
  return posted.includes(path) ? ['POST'] : ['GET'];
}
