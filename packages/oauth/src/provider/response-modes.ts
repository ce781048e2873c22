import type { KoaContextWithOIDC } from 'oidc-provider';

/** How a client gets its answer: in the query of its redirect URI. */
const responseMode = 'query';

/**
 * Whether a client asks to be answered in another way than there is. The library has two more, which cannot be turned off:
 * a page of its own that posts the answer by a script, and the fragment, which scripts of the client's page read (RFC 9700,
 * sections 4.2 and 4.17).
 */
export function asksForAnotherResponseMode({ query }: KoaContextWithOIDC): boolean {
  const asked = query['response_mode'];
  return asked !== undefined && asked !== '' && asked !== responseMode;
}

/** Says in a document of the provider which ways there are. */
export function publishResponseModes(ctx: KoaContextWithOIDC): void {
  if (typeof ctx.body !== 'object' || ctx.body === null) return;
  ctx.body = { ...ctx.body, response_modes_supported: [responseMode] };
}
