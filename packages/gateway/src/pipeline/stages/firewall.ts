import type { IncomingMessage } from 'node:http';
import { SallyportError } from '@sallyport/core';
import { readCanonicalRequest, type CanonicalRequest, type FirewallLimits } from '../../firewall/canonical-request.ts';
import type { ReadClientAddress } from '../../firewall/client-address.ts';
import type { ReadForwardedScheme } from '../../firewall/forwarded-scheme.ts';
import type { HeaderReader } from '../../firewall/inbound-headers.ts';
import type { KnownHosts } from '../../firewall/known-hosts.ts';
import { isNavigation } from '../request-intent.ts';
import type { ReadMachineCertificate } from '../../machines/machine-certificates.ts';
import type { Decision, RequestState } from '../request-state.ts';

export interface FirewallParts {
  readonly hosts: KnownHosts;
  readonly limits: FirewallLimits;
  readonly readHeaders: HeaderReader['read'];
  readonly readClientAddress: ReadClientAddress;
  /** Where only machines are served: demands their certificate. */
  readonly readCertificate: ReadMachineCertificate | undefined;
  /** How the client spoke to a proxy in front; absent where plain http is what is served. */
  readonly readForwardedScheme: ReadForwardedScheme | undefined;
}

/** How long the end of an empty body may take, which clients send together with the head. */
const emptyBodyMilliseconds = 1000;

/** Reads the request once into its canonical form, or refuses it. What came to a proxy without TLS goes no further. */
export function passFirewall(
  state: RequestState,
  parts: FirewallParts,
): Decision | undefined | Promise<Decision | undefined> {
  const { message } = state;
  const request = readCanonicalRequest(message, parts.hosts, parts.limits, parts.readHeaders);
  state.clientAddress = parts.readClientAddress(message.socket, request.headers);
  state.certificate = parts.readCertificate?.(message.socket, request.headers, state.at);
  if (request.mayHoldBody) return requireEmptyBody(message).then(() => pass(state, request, parts));
  return pass(state, request, parts);
}

function pass(
  state: RequestState,
  request: CanonicalRequest,
  { readForwardedScheme }: FirewallParts,
): Decision | undefined {
  state.request = request;
  if (readForwardedScheme?.(state.message.socket, request.headers) !== 'http') return undefined;
  // The proxy took this in without TLS. A page is asked for again, with it; anything else has been seen on its way already.
  state.cameInClear = true;
  if (!isNavigation(request)) throw new SallyportError('SP_HTTPS_REQUIRED', { reason: 'forwarded-http' });
  return {
    kind: 'redirect',
    status: 308,
    location: `https://${request.host}${request.target}`,
    reason: 'forwarded-http',
  };
}

/** Some clients send the chunk that ends a body, and nothing in front of it, with every GET. */
async function requireEmptyBody(message: IncomingMessage): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const refuse = (): void => reject(new SallyportError('SP_REQUEST_AMBIGUOUS', { reason: 'body-on-get' }));
  const timer = setTimeout(refuse, emptyBodyMilliseconds);
  message.once('data', refuse).once('end', resolve).once('close', refuse);
  await promise.finally(() => clearTimeout(timer));
}
