import type { Route, WebhookOptions } from '@sallyport/core';
import { isForScripts } from './cross-origin.ts';

/** Something that a route does otherwise than routes do by default. */
export interface RouteOption {
  readonly name: string;
  readonly value: string;
}

/** What a route opens, or closes, for its upstream alone: for operators, in tables and explanations. */
export function routeOptionsOf(route: Route): readonly RouteOption[] {
  return [
    ...(route.locations === 'any' ? [] : [{ name: 'locations', value: route.locations }]),
    ...(route.authorization === 'translate' ? [] : [{ name: 'authorization', value: 'passed on unjudged' }]),
    ...(route.cache === 'no-store' ? [] : [{ name: 'cache', value: route.cache }]),
    ...(route.upstreamTls === undefined ? [] : [{ name: 'upstreamTls', value: describeTls(route.upstreamTls) }]),
    ...(route.affinity === undefined ? [] : [{ name: 'affinity', value: route.affinity }]),
    ...(route.pathParameters ? [{ name: 'pathParameters', value: 'may stand in paths' }] : []),
    ...(route.zone ? [{ name: 'zone', value: 'calls routes that name no callers' }] : []),
    ...(route.callers === undefined ? [] : [{ name: 'callers', value: route.callers.join(' ') || 'none' }]),
    ...(route.providerTokens === undefined
      ? []
      : [{ name: 'providerTokens', value: `gets the tokens of its users at ${route.providerTokens.join(' ')}` }]),
    ...(route.webhook === undefined ? [] : [{ name: 'webhook', value: describeWebhook(route.webhook) }]),
    ...(route.mcp === undefined ? [] : [{ name: 'mcp', value: 'takes tokens that were made for this route' }]),
    ...(route.cors === undefined ? [] : [{ name: 'cors', value: describeCors(route.cors, route) }]),
    ...(route.rawPath.length === 0 ? [] : [{ name: 'rawPath', value: route.rawPath.join(' ') }]),
  ];
}

function describeTls({ serverId, bindTokens }: NonNullable<Route['upstreamTls']>): string {
  const service = serverId === undefined ? 'a client certificate is presented' : `presented to ${serverId} alone`;
  return bindTokens ? `${service}, tokens are bound to it` : service;
}

/** In one line, with the name of the secret and never with its value. */
function describeWebhook({ secret, hmac, toleranceSeconds = 300, rememberSeconds, bodyBytes }: WebhookOptions): string {
  const form = hmac === undefined ? 'Standard Webhooks' : `HMAC of ${hmac.signed} in ${hmac.header}`;
  const time =
    hmac !== undefined && hmac.timestamp === undefined
      ? `no time signed, remembered for ${rememberSeconds ?? 604_800} s`
      : `${toleranceSeconds} s old at most`;
  return `${form}, verified with "${secret}", ${time}, ${bodyBytes} bytes at most`;
}

function describeCors({ origins }: NonNullable<Route['cors']>, route: Route): string {
  return `${isForScripts(route) ? 'used with tokens or keys' : 'read'} by ${origins.join(' ')}`;
}
