import type { KoaContextWithOIDC } from 'oidc-provider';

/** How a client gets its answer: in the query of its redirect URI. */
export const responseMode = 'query';

/** What is wrong with asking for another one. */
export const responseModeProblem = 'response_mode must be query, or left out';

/**
 * Whether a client asks to be answered in another way than there is. The library has two more, which cannot be turned off:
 * a page of its own that posts the answer by a script, and the fragment, which scripts of the client's page read (RFC 9700,
 * sections 4.2 and 4.17).
 */
export function asksForAnotherResponseMode({ query }: KoaContextWithOIDC): boolean {
  return !isServedResponseMode(query['response_mode']);
}

/** Whether an authorization request may ask for this. */
export function isServedResponseMode(asked: unknown): boolean {
  return asked === undefined || asked === '' || asked === responseMode;
}
