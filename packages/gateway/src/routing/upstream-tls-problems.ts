import type { Route } from '@sallyport/core';

export interface UpstreamTlsContext {
  /** Whether the gateway has a certificate that it can present. */
  readonly hasCertificate: boolean;
  /** Whether it believes authorities of its own alone. */
  readonly hasAuthorities: boolean;
  /** Whether proxies ask for tokens that they send themselves. */
  readonly hasForwardAuth: boolean;
}

/** Says where mutual TLS with services would have no effect, or would make every request of a route fail. */
export function problemsOfUpstreamTls(
  routes: readonly Route[],
  { hasCertificate, hasAuthorities, hasForwardAuth }: UpstreamTlsContext,
): readonly string[] {
  const presenting = routes.filter(({ upstreamTls }) => upstreamTls !== undefined);
  if (hasCertificate && presenting.length === 0)
    return ['upstreamTls is presented to no service: write upstreamTls: {} into the routes whose services ask for it'];
  return presenting.flatMap(({ name, upstream, upstreamTls, zone, access, csrf, webhook }) => [
    ...(hasCertificate
      ? []
      : [`route "${name}" has upstreamTls, but the gateway has no certificate: add the section upstreamTls`]),
    ...([upstream].flat().every((url) => url.startsWith('https:'))
      ? []
      : [`route "${name}" has upstreamTls, but an upstream without TLS: write https:// or leave upstreamTls out`]),
    // The host of the service counts for nothing then, and no authority of the internet answers for SPIFFE ids.
    ...(upstreamTls?.serverId === undefined || hasAuthorities || !hasCertificate
      ? []
      : [
          `route "${name}" has upstreamTls.serverId, which your own authority has to vouch for: name it in upstreamTls.caFile`,
        ]),
    ...(upstreamTls?.bindTokens === true && webhook === undefined && (access === 'public' || csrf === 'off')
      ? [`route "${name}" has upstreamTls.bindTokens, but its service gets no tokens: leave bindTokens out`]
      : []),
    // Files that zones share are fetched past their routes, and a Next.js server looks at no certificate.
    ...(zone ? [`route "${name}" is a zone, which takes no client certificate: leave upstreamTls out`] : []),
    ...(hasForwardAuth && upstreamTls?.bindTokens === true
      ? [
          `route "${name}" has upstreamTls.bindTokens, but proxies that ask by forwardAuth send its tokens over their own connections: leave bindTokens out`,
        ]
      : []),
  ]);
}
