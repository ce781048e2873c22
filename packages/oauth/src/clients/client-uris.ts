import { isLoopbackHost } from '@sallyport/core';

/** The longest address of a client, in characters. */
export const maxUriLength = 2000;

/**
 * What is wrong with an address to which browsers and apps are sent back; `undefined` when nothing is.
 *
 * - It is compared character by character, so that it has to be written as an URL parser writes it, and no pattern.
 * - https, plain http on loopback alone (RFC 8252, section 7.3), and private-use schemes with a dot (section 7.1), which
 *   `javascript:` and `data:` are not.
 * - No fragment (RFC 6749, section 3.1.2), no user name, no wildcard.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9700#section-2.1 RFC 9700, section 2.1}
 */
export function problemOfRedirectUri(text: string): string | undefined {
  const problem = problemOfForm(text);
  if (problem !== undefined) return problem;
  const url = new URL(text);
  if (isPrivateUseScheme(url.protocol)) return undefined;
  return problemOfWebAddress(url);
}

/** What is wrong with an address that browsers are shown or that this server calls; `undefined` when nothing is. */
export function problemOfWebUri(text: string): string | undefined {
  const problem = problemOfForm(text);
  return problem ?? problemOfWebAddress(new URL(text));
}

/** What is wrong with a resource (RFC 8707, section 2): an absolute URI without a fragment. */
export function problemOfResource(text: string): string | undefined {
  if (!URL.canParse(text)) return 'must be an absolute URI, such as https://api.example.com';
  if (/[\s"<>\\^`{|}]/.test(text) || /[^\x21-\x7e]/.test(text))
    return 'must be written without spaces and other letters';
  if (text.includes('#')) return 'must have no fragment';
  if (text.includes('*')) return 'must be one resource, without "*"';
  return undefined;
}

/** Whether it is a scheme that an app claims for itself: the name of a domain turned round, with a dot. */
export function isPrivateUseScheme(protocol: string): boolean {
  return protocol.includes('.');
}

function problemOfForm(text: string): string | undefined {
  if (!URL.canParse(text)) return 'must be an address, such as https://app.example.com/callback';
  if (text.includes('#')) return 'must have no fragment';
  if (text.includes('*')) return 'must be one address, without "*"';
  const { href, username, password } = new URL(text);
  if (username !== '' || password !== '') return 'must have no user name';
  if (href !== text)
    return 'must be written in full: host in small letters, no default port, a path, no "..", and no letters that need encoding';
  return undefined;
}

function problemOfWebAddress({ protocol, hostname }: URL): string | undefined {
  if (protocol === 'https:') return undefined;
  if (protocol === 'http:' && isLoopbackHost(hostname)) return undefined;
  return 'must be https, or plain http on loopback';
}
