import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import {
  type CertificatePath,
  type CertificateRefusal,
  type ClientCertificate,
  createLeastRecentlyUsed,
  findPath,
  judgePath,
  type MachineTrust,
  parseClientCertHeader,
  readClientCertificate,
  SallyportError,
} from '@sallyport/core';
import { createNetworkCheck, plainAddress } from '../firewall/client-address.ts';
import type { InboundHeaders } from '../firewall/inbound-headers.ts';

/** Reads the certificate that a request comes with. */
export type ReadMachineCertificate = (socket: Socket, headers: InboundHeaders, at: number) => ClientCertificate;

/** The certificates of machines at one listener: who is believed, and which connections are open by which certificate. */
export interface MachineCertificates {
  /**
   * The certificate of a request, verified, in force and not revoked at this moment: of its connection, or of `Client-Cert`
   * where a declared proxy sent it.
   *
   * @throws `SP_UNAUTHENTICATED` with the reason for the log.
   */
  readonly read: ReadMachineCertificate;
  /** Judges the certificate of a connection by the authorities that its handshake knew. */
  connect(socket: Socket): void;
  /** Believes others from now on, and cuts every connection whose certificate does not count any more. */
  replaceTrust(trust: MachineTrust): void;
  /** Cuts the connections whose certificate has expired, or was revoked, while something is in flight on them. */
  sweep(at: number): void;
}

export interface MachineCertificatesOptions {
  readonly trust: MachineTrust;
  /** Proxies whose `Client-Cert` is believed. */
  readonly proxies: readonly string[];
  readonly clock: () => number;
}

/** A certificate with its path, as long as the same authorities are trusted. */
interface Believed {
  readonly trust: MachineTrust;
  readonly certificate: ClientCertificate;
  readonly path: CertificatePath;
}

type Known = Believed | { readonly trust: MachineTrust; readonly reason: CertificateRefusal };

/** Certificates that proxies passed on and whose signatures were verified. */
const rememberedCertificates = 1000;

/** What OpenSSL found wrong in the handshake, where it is not for the path to say. */
const reasonsOfOpenSsl: Readonly<Record<string, CertificateRefusal>> = {
  CERT_HAS_EXPIRED: 'certificate-expired',
  CERT_NOT_YET_VALID: 'certificate-not-yet-valid',
  CERT_REVOKED: 'certificate-revoked',
  CRL_HAS_EXPIRED: 'certificate-revocation-unknown',
  CRL_NOT_YET_VALID: 'certificate-revocation-unknown',
  UNABLE_TO_GET_CRL: 'certificate-revocation-unknown',
  INVALID_PURPOSE: 'certificate-wrong-purpose',
};

/** Builds the certificates of a listener. */
export function createMachineCertificates(options: MachineCertificatesOptions): MachineCertificates {
  let { trust } = options;
  const isProxy = createNetworkCheck(options.proxies);
  const ofConnections = new WeakMap<Socket, Known>();
  const forwarded = createLeastRecentlyUsed<Known>(rememberedCertificates);
  /** How the certificate of the last request is judged, of each connection that is open. */
  const open = new Map<Socket, () => Known>();

  const ofConnection = (socket: Socket): Known => {
    const before = ofConnections.get(socket);
    if (before?.trust === trust) return before;
    const known = learnOfConnection(socket, trust, before);
    ofConnections.set(socket, known);
    return known;
  };
  const ofHeader = (header: string): Known => {
    const before = forwarded.get(header);
    if (before?.trust === trust) return before;
    const leaf = parseClientCertHeader(header);
    if (leaf === undefined) return { trust, reason: 'certificate-malformed' };
    const known = learn(leaf, trust, true);
    // Of those that are not believed there is no end.
    if ('path' in known) forwarded.set(header, known);
    return known;
  };
  const follow = (socket: Socket, judge: () => Known): void => {
    // A request may be decided on again after its client has left: then nothing would take its connection out any more.
    if (socket.closed) return;
    if (!open.has(socket)) socket.once('close', () => open.delete(socket));
    open.set(socket, judge);
  };
  const sweep = (at: number): void => {
    for (const [socket, judge] of open) if (reasonOf(judge(), at) !== undefined) socket.destroy();
  };

  return {
    connect: (socket) => void ofConnection(socket),
    read: (socket, { clientCert }, at) => {
      // A proxy has a connection of its own, by which it is no machine: it says who is behind it, or no one is.
      const isBehindProxy = isProxy(plainAddress(socket.remoteAddress));
      if (isBehindProxy && clientCert === undefined) throw unauthenticated('certificate-missing');
      const judge = isBehindProxy ? () => ofHeader(clientCert ?? '') : () => ofConnection(socket);
      const known = judge();
      if ('reason' in known) throw unauthenticated(known.reason);
      const reason = judgePath(known.path, trust, at);
      if (reason !== undefined) throw unauthenticated(reason);
      follow(socket, judge);
      return known.certificate;
    },
    replaceTrust: (next) => {
      trust = next;
      sweep(options.clock());
    },
    sweep,
  };
}

/**
 * What OpenSSL said in the handshake was by the authorities of then: with others, the path alone is asked, and refused where
 * it holds what only OpenSSL understands.
 */
function learnOfConnection(socket: Socket, trust: MachineTrust, before: Known | undefined): Known {
  if (!(socket instanceof TLSSocket)) return { trust, reason: 'certificate-missing' };
  const leaf = socket.getPeerX509Certificate();
  if (leaf === undefined) return { trust, reason: 'certificate-missing' };
  const isJudged = before === undefined || (socket.authorized && before.trust.ca === trust.ca);
  const learned = learn(leaf, trust, !isJudged);
  if (socket.authorized || before !== undefined || !('path' in learned)) return learned;
  const reason = reasonsOfOpenSsl[String(socket.authorizationError)] ?? 'certificate-unknown-authority';
  return { trust, reason };
}

function learn(leaf: X509Certificate, trust: MachineTrust, isNewToUs: boolean): Known {
  try {
    const found = findPath(leaf, trust, isNewToUs);
    if (found.kind === 'refused') return { trust, reason: found.reason };
    return { trust, certificate: readClientCertificate(leaf), path: found.path };
  } catch {
    // Of a key that Node does not know, too.
    return { trust, reason: 'certificate-malformed' };
  }
}

function reasonOf(known: Known, at: number): CertificateRefusal | undefined {
  return 'reason' in known ? known.reason : judgePath(known.path, known.trust, at);
}

function unauthenticated(reason: CertificateRefusal): SallyportError {
  return new SallyportError('SP_UNAUTHENTICATED', { reason });
}
