import { sessionCookieFor } from '@sallyport/core';

/** The cookies of the provider: for a question that is asked of a browser, at one path each. */
export interface ProviderCookies {
  /** Never sent: sessions of the provider follow ours. */
  readonly session: string;
  /** Binds a question to the browser that it is asked of. */
  readonly interaction: string;
  /** Binds the way back to it. */
  readonly resume: string;
}

/** Names the cookies for a public URL. With a path of their own they cannot have the prefix `__Host-`. */
export function providerCookiesFor(publicUrl: string): ProviderCookies {
  const { name, secure } = sessionCookieFor(publicUrl);
  const prefix = secure ? '__Secure-sallyport' : name;
  return {
    session: `${prefix}-oauth`,
    interaction: `${prefix}-oauth-asked`,
    resume: `${prefix}-oauth-back`,
  };
}
