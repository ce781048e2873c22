import { isIP } from 'node:net';
import { isLoopbackHost } from '@sallyport/core';

const privateNetworks =
  /^(?:0|10|127|192\.168|198\.1[89]|169\.254|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./;
/** The second are addresses of IPv4 behind a translator (RFC 6052, RFC 8215), which may be any. */
const privateNetworks6 = /^(?:::|64:ff9b:|f[cd]|fe[89ab])/i;
const privateNames =
  /(?:^|\.)(?:internal|local|localdomain|localhost|svc|lan|intra|intranet|private|corp|home|home\.arpa)$/;

/** Says whether a host, as `URL.hostname` spells it, is one that only the inside can reach. */
export function isInternalHost(hostname: string): boolean {
  const host = hostname
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/^\[(.*)\]$/, '$1');
  // The unspecified, mapped and other addresses that begin with zeroes lead inside, or nowhere.
  if (isIP(host) === 6) return privateNetworks6.test(host);
  if (isIP(host) === 4) return privateNetworks.test(host);
  return isLoopbackHost(host) || !host.includes('.') || privateNames.test(host);
}
