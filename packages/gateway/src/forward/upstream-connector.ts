import { isIP } from 'node:net';
import { buildConnector } from 'undici';

/** The name that the certificate of an upstream must hold for: that of its address, without port and brackets. */
export function serverNameOf(origin: string): string {
  return new URL(origin).hostname.replaceAll(/^\[|\]$/g, '');
}

/**
 * Builds what opens connections to an upstream. Over TLS it is asked for by its own name (RFC 6066, section 3) and
 * believed with a certificate for that name, never by what a client wrote into `Host`. What is only known by its address
 * is not named, since a server name is no address, and its certificate must hold for the address.
 */
export function createUpstreamConnector(timeoutMilliseconds: number): buildConnector.connector {
  const connect = buildConnector({ timeout: timeoutMilliseconds, allowH2: false });
  return ({ servername, ...options }, callback) => {
    const isNamed = servername !== undefined && isIP(servername) === 0;
    connect(isNamed ? { ...options, servername } : options, callback);
  };
}
