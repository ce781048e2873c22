import type { Route } from '@sallyport/core';

const possibleMethods: readonly string[] = ['GET', 'POST', 'DELETE', 'OPTIONS'];

/** Says where a route to an MCP server contradicts itself. */
export function problemsOfMcp(routes: readonly Route[]): readonly string[] {
  return routes.flatMap((route) =>
    route.mcp === undefined
      ? []
      : contradictionsOf(route).map((problem) => `route "${route.name}" leads to an MCP server: ${problem}`),
  );
}

function contradictionsOf(route: Route): readonly string[] {
  const { access, credentials, csrf, methods = [], prefix, hosts, webhook, zone, callers, stepUp } = route;
  const isForTokens = credentials.length === 1 && (credentials[0] === 'bearer' || credentials[0] === 'opaque');
  const unsuitable = methods.filter((method) => !possibleMethods.includes(method));
  return [
    ...(access === 'public' || access === 'optional'
      ? ['its callers have tokens, so make its access "signed-in", or { permissions: […] }']
      : []),
    ...(isForTokens
      ? []
      : [
          'it takes the access tokens of oauthProvider and nothing else, so make its credentials ["bearer"], or ["opaque"] where these are opaque',
        ]),
    ...(csrf === 'off' ? ['no session counts there, so leave csrf out'] : []),
    ...(prefix === '/' ? ['its prefix cannot be "/", whose tokens would be those of the whole gateway'] : []),
    ...(hosts === undefined ? [] : ['it is known by publicUrl and its prefix, so leave hosts out']),
    ...(webhook === undefined ? [] : ['it takes no webhooks, so leave webhook out']),
    ...(zone ? ['it is no zone, so leave zone out'] : []),
    ...(callers === undefined ? [] : ['tokens that were made for another audience do not count, so leave callers out']),
    ...(stepUp === undefined ? [] : ['no MCP client answers a step-up, so leave stepUp out']),
    ...(unsuitable.length === 0 ? [] : [`Streamable HTTP knows no ${unsuitable.join(', ')}`]),
  ];
}
