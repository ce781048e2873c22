import type { Route } from '@sallyport/core';
import { ruleOfHeader } from '../firewall/header-rules.ts';

/** Says where a route that takes webhooks contradicts itself, or has an option that would do nothing. */
export function problemsOfWebhooks(routes: readonly Route[]): readonly string[] {
  const owners = new Map<string, string>();
  return routes.flatMap((route) => {
    const { name, webhook } = route;
    if (webhook === undefined) return [];
    const owner = owners.get(webhook.secret);
    owners.set(webhook.secret, name);
    return [
      ...contradictionsOf(route).map((problem) => `route "${name}" takes webhooks: ${problem}`),
      ...(owner === undefined
        ? []
        : [
            `routes "${owner}" and "${name}" verify webhooks with the secret "${webhook.secret}": what was sent to one could be sent to the other again`,
          ]),
    ];
  });
}

function contradictionsOf(route: Route): readonly string[] {
  const { access, credentials, csrf, stepUp, methods = [], limits } = route;
  const unsuitable = methods.filter((method) => !['POST', 'PUT', 'PATCH'].includes(method));
  const withoutEffect = (['streaming', 'fresh', 'profile', 'zone'] as const).filter((option) => route[option]);
  const others = (limits?.requests ?? []).filter(({ per }) => per !== 'address').map(({ per }) => per);
  return [
    ...(access === 'service' ? [] : ['its caller is the sender, so make its access "service"']),
    ...(credentials.length === 1 && credentials[0] === 'session'
      ? []
      : ['it accepts the signature and nothing else, so leave credentials out']),
    ...(csrf === 'off' ? ['no session counts there, so leave csrf out'] : []),
    ...(stepUp === undefined ? [] : ['its sender cannot sign in again, so leave stepUp out']),
    ...(route.callers === undefined ? [] : ['nothing inside calls it, so leave callers out']),
    ...(route.cors === undefined ? [] : ['no page calls it, so leave cors out']),
    ...(route.cache === 'private' ? ['no browser reads it, so leave cache out'] : []),
    ...withoutEffect.map((option) => `${option} has no effect there, so leave it out`),
    ...(unsuitable.length === 0 ? [] : [`it cannot serve ${unsuitable.join(', ')}`]),
    ...(limits?.bodyBytes === undefined && limits?.bodyHeldBytes === undefined
      ? []
      : ['webhook.bodyBytes bounds the body, so leave limits.bodyBytes and limits.bodyHeldBytes out']),
    ...others.map((per) => `requests are counted before the sender is known, so no limit can be per "${per}"`),
    ...headersOf(route)
      .filter((header) => ruleOfHeader(header) !== 'forward')
      .map((header) => `the header "${header}" has another meaning for the gateway`),
  ];
}

function headersOf({ webhook }: Route): readonly string[] {
  if (webhook?.hmac === undefined) return [];
  const { header, timestamp } = webhook.hmac;
  return timestamp !== undefined && 'header' in timestamp ? [header, timestamp.header] : [header];
}
