/** What identity providers know the product by, under the names that the providers have in the configuration. */
export type ProviderSecrets = ReadonlyMap<string, string>;

/** What `parseProviderSecrets` made of a text. Problems name providers and never values. */
export interface ParsedProviderSecrets {
  readonly secrets: ProviderSecrets;
  readonly problems: readonly string[];
}

/** How a provider may be called in the configuration, in addresses and in cookies. */
export const providerIdForm = /^[a-z][a-z0-9-]{0,31}$/;

/**
 * Reads the value of `SALLYPORT_PROVIDER_SECRETS`: `name=secret`, with blanks or line breaks between. A private key is the
 * base64 text of its PKCS #8 form, which is what stands between the first and the last line of a PEM file.
 *
 * @example
 * parseProviderSecrets('google=GOCSPX-… apple=MIGTAgEAMBMGByqGSM49…');
 */
export function parseProviderSecrets(text: string): ParsedProviderSecrets {
  const secrets = new Map<string, string>();
  const problems: string[] = [];
  for (const [index, item] of text.split(/\s+/).filter(Boolean).entries()) {
    const at = item.indexOf('=');
    const [name, value] = [item.slice(0, Math.max(at, 0)), item.slice(at + 1)];
    // What is no name may be a secret.
    if (!providerIdForm.test(name) || value === '') problems.push(`has no name=secret as item ${index + 1}`);
    else if (!/^[!-~]+$/.test(value)) problems.push(`has a secret "${name}" that is not ASCII`);
    else if (secrets.has(name)) problems.push(`has the secret "${name}" twice`);
    else secrets.set(name, value);
  }
  return { secrets, problems };
}
