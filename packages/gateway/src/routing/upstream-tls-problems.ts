import type { Route } from '@sallyport/core';

export interface UpstreamTlsContext {
  /** Whether the gateway has a certificate that it can present. */
  readonly hasCertificate: boolean;
  /** Whether proxies ask for tokens that they send themselves. */
  readonly hasForwardAuth: boolean;
}

/** Says where mutual TLS with services would have no effect, or would make every request of a route fail. */
export function problemsOfUpstreamTls(
  routes: readonly Route[],
  { hasCertificate, hasForwardAuth }: UpstreamTlsContext,
): readonly string[] {
  const presenting = routes.filter(({ upstreamTls }) => upstreamTls !== undefined);
  if (hasCertificate && presenting.length === 0)
    return ['upstreamTls is presented to no service: write upstreamTls: {} into the routes whose services ask for it'];
  return presenting.flatMap(({ name, upstream, upstreamTls, zone }) => [
    ...(hasCertificate
      ? []
      : [`route "${name}" has upstreamTls, but the gateway has no certificate: add the section upstreamTls`]),
    ...([upstream].flat().every((url) => url.startsWith('https:'))
      ? []
      : [`route "${name}" has upstreamTls, but an upstream without TLS: write https:// or leave upstreamTls out`]),
    // Files that zones share are fetched past their routes, and a Next.js server looks at no certificate.
    ...(zone ? [`route "${name}" is a zone, which takes no client certificate: leave upstreamTls out`] : []),
    ...(hasForwardAuth && upstreamTls?.bindTokens === true
      ? [
          `route "${name}" has upstreamTls.bindTokens, but proxies that ask by forwardAuth send its tokens over their own connections: leave bindTokens out`,
        ]
      : []),
  ]);
}
