import { type MachineTrust, OptionsError } from '@sallyport/core';
import { constants, createPrivateKey, X509Certificate } from 'node:crypto';
import type { ServerOptions } from 'node:https';
import { createSecureContext } from 'node:tls';

/** A certificate chain and its private key, both as PEM. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

/** Forward secrecy and authenticated encryption only. TLS 1.3 knows nothing else; for TLS 1.2 the list says it. */
const cipherSuites = [
  ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'],
  ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ['ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
].flat();

const secureOptions = constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION;

const curves = ['X25519', 'P-256', 'P-384'];

/** Hybrid with ML-KEM-768: what is recorded today stays secret from a quantum computer of tomorrow. */
const hybridCurve = 'X25519MLKEM768';

/** The OpenSSL of older Nodes does not know the hybrid group, and refuses a list that names it. */
const ecdhCurve = isKnownCurve(hybridCurve) ? [hybridCurve, ...curves].join(':') : curves.join(':');

/**
 * What a handshake may agree on: TLS 1.2 or 1.3, by the server's preference, without renegotiation, HTTP/1.1 inside.
 *
 * Where clients present certificates, no session is ever resumed: a resumed one skips the list of revoked certificates.
 *
 * @param trust whose certificates clients may present; absent asks for none.
 * @throws OptionsError when the certificate or the key is not PEM, or when they do not belong together.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9325 RFC 9325}, recommendations for the use of TLS
 */
export function toSecureContext({ cert, key }: CertificatePair, trust?: MachineTrust): ServerOptions {
  // OpenSSL takes an empty pair without a word, and then every handshake fails.
  if (!belongTogether(cert, key)) throw new OptionsError('the private key does not belong to the certificate');
  const options = {
    cert,
    key,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: cipherSuites.join(':'),
    ecdhCurve,
    honorCipherOrder: true,
    secureOptions: trust === undefined ? secureOptions : secureOptions | constants.SSL_OP_NO_TICKET,
    ...(trust === undefined ? {} : { ca: trust.ca }),
    ...(trust?.crl === undefined ? {} : { crl: [...trust.crl] }),
  } as const;
  createSecureContext(options);
  return options;
}

function belongTogether(cert: string, key: string): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch (cause) {
    throw new OptionsError('the certificate or its private key cannot be read as PEM', 'SP_OPTIONS_INVALID', { cause });
  }
}

function isKnownCurve(name: string): boolean {
  try {
    createSecureContext({ ecdhCurve: name });
    return true;
  } catch {
    return false;
  }
}
