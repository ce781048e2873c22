import { isIP } from 'node:net';
import { buildConnector } from 'undici';
import { checkServiceId, type UpstreamIdentity } from './upstream-tls.ts';

/** The name that the certificate of an upstream must hold for: that of its address, without port and brackets. */
export function serverNameOf(origin: string): string {
  return new URL(origin).hostname.replaceAll(/^\[|\]$/g, '');
}

/** Mutual TLS with a service. */
export interface ServiceTls {
  readonly identity: UpstreamIdentity;
  /** The SPIFFE id that its certificate must hold, in place of the name of its host. */
  readonly serverId: string | undefined;
}

/**
 * Builds what opens connections to an upstream. Over TLS it is asked for by its own name (RFC 6066, section 3) and
 * believed with a certificate for that name, never by what a client wrote into `Host`. What is only known by its address
 * is not named, since a server name is no address, and its certificate must hold for the address.
 */
export function createUpstreamConnector(timeoutMilliseconds: number, tls?: ServiceTls): buildConnector.connector {
  const connect = buildConnector({ timeout: timeoutMilliseconds, allowH2: false, ...(tls && toConnectOptions(tls)) });
  return ({ servername, ...options }, callback) => {
    const isNamed = servername !== undefined && isIP(servername) === 0;
    connect(isNamed ? { ...options, servername } : options, callback);
  };
}

function toConnectOptions({ identity, serverId }: ServiceTls): buildConnector.BuildOptions {
  return {
    secureContext: identity.secureContext,
    rejectUnauthorized: true,
    // A resumed session shows no certificate: neither its end nor its name would be looked at again.
    maxCachedSessions: 0,
    ...(serverId === undefined ? {} : { checkServerIdentity: checkServiceId(serverId) }),
  };
}
