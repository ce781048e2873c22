import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, type Socket } from 'node:net';
import {
  createLeastRecentlyUsed,
  findPath,
  judgePath,
  parseClientCertHeader,
  problemOfCertificateName,
  readClientCertificate,
  SallyportError,
  type CertificatePath,
  type ClientCertificate,
  type MachineTrust,
} from '@sallyport/core';

/** Reads the certificate at the other end of a request, verified, in force and not revoked at this moment. */
export type ReadPeerCertificate = (request: IncomingMessage) => ClientCertificate;

export interface PeerCertificatesParts {
  readonly trust: () => MachineTrust;
  /** Proxies whose `Client-Cert` is believed. */
  readonly proxies: readonly string[];
  readonly clock: () => number;
}

/** What was found out about a certificate, as long as the same authorities are trusted. */
type Known =
  | { readonly trust: MachineTrust; readonly certificate: ClientCertificate; readonly path: CertificatePath }
  | { readonly trust: MachineTrust; readonly reason: string };

/** What is used of a socket with TLS. HTTP/2 hides it behind a proxy of Node, so that its class says nothing. */
interface TlsPeer {
  getPeerX509Certificate?(): X509Certificate | undefined;
}

/** Certificates that proxies passed on and whose signatures were verified. */
const rememberedCertificates = 1000;

/**
 * Builds the reader. Every signature up to a root of the service's own list is verified here, once per connection, whatever
 * the socket says of itself: what it says is not known where the server never asked for a certificate, and is of the first
 * handshake where there was another one (a resumed session, a renegotiation of TLS 1.2). Dates and revocation are looked at
 * with every request.
 *
 * @returns a function that throws `SP_UNAUTHENTICATED` with the reason for the log.
 */
export function createPeerCertificates({ trust, proxies, clock }: PeerCertificatesParts): ReadPeerCertificate {
  const isProxy = createAddressCheck(proxies);
  const ofConnections = new WeakMap<Socket, Known>();
  const forwarded = createLeastRecentlyUsed<Known>(rememberedCertificates);

  const ofConnection = (socket: Socket): Known => {
    const before = ofConnections.get(socket);
    if (before?.trust === trust()) return before;
    const known = learnOfConnection(socket, trust());
    ofConnections.set(socket, known);
    return known;
  };
  const ofHeader = (header: string): Known => {
    const before = forwarded.get(header);
    if (before?.trust === trust()) return before;
    const leaf = parseClientCertHeader(header);
    if (leaf === undefined) return { trust: trust(), reason: 'certificate-malformed' };
    const known = learn(leaf, trust());
    // Of those that are not believed there is no end.
    if ('path' in known) forwarded.set(header, known);
    return known;
  };
  const find = ({ socket, headers }: IncomingMessage): Known => {
    const header = headers['client-cert'];
    // A proxy has a connection of its own, by which it is no caller: it says who is behind it, or no one is.
    if (isProxy(socket.remoteAddress))
      return header === undefined ? { trust: trust(), reason: 'certificate-missing' } : ofHeader(String(header));
    const known = ofConnection(socket);
    const isOnlyClaimed = header !== undefined && 'reason' in known && known.reason === 'certificate-missing';
    return isOnlyClaimed ? { trust: trust(), reason: 'client-cert-from-undeclared-address' } : known;
  };

  return (request) => {
    const known = find(request);
    if ('reason' in known) throw unauthenticated(known.reason);
    const reason = judgePath(known.path, known.trust, clock());
    if (reason !== undefined) throw unauthenticated(reason);
    return known.certificate;
  };
}

function learnOfConnection(socket: Socket, trust: MachineTrust): Known {
  // A socket without TLS has none of the members.
  const peer = socket as Socket & TlsPeer;
  const leaf = peer.getPeerX509Certificate?.();
  if (leaf === undefined) return { trust, reason: 'certificate-missing' };
  return learn(leaf, trust);
}

function learn(leaf: X509Certificate, trust: MachineTrust): Known {
  try {
    // As if OpenSSL had not looked: it may have, by other authorities than those of now.
    const found = findPath(leaf, trust, true);
    if (found.kind === 'refused') return { trust, reason: found.reason };
    const certificate = readClientCertificate(leaf);
    const reason = problemOfCertificateName(certificate);
    return reason === undefined ? { trust, certificate, path: found.path } : { trust, reason };
  } catch {
    // Of a key that Node does not know, too.
    return { trust, reason: 'certificate-malformed' };
  }
}

function createAddressCheck(networks: readonly string[]): (address: string | undefined) => boolean {
  if (networks.length === 0) return () => false;
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', length] = network.split('/');
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    if (length === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(length), family);
  }
  return (address) => {
    const family = address === undefined ? 0 : isIP(address);
    return address !== undefined && family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6');
  };
}

function unauthenticated(reason: string): SallyportError {
  return new SallyportError('SP_UNAUTHENTICATED', { reason });
}
