/** Name of Acme SSO in the configuration of the demo, and so in the address that it leads back to. */
export const acmeProviderId = 'acme';

/** The name that Acme SSO knows the demo by. */
export const acmeClientId = 'sallyport-demo';

/** Path of the issuer. */
export const acmeBasePath = '/sso';

/** The issuer of Acme SSO at an origin. */
export function acmeIssuer(url: string): string {
  return url + acmeBasePath;
}
