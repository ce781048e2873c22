import type { Gateway } from '@sallyport/gateway';
import type { Closing } from './closing.ts';
import type { Config } from './config/config-schema.ts';
import type { CertificateWatch } from './tls/certificate-watch.ts';

export interface ListenerParts {
  readonly door: Gateway;
  readonly config: Config;
  readonly certificate: CertificateWatch | undefined;
  readonly closing: Closing;
}

/** Opens the internal listener, the public one, and the one that leads to https, as they are configured. */
export async function openListeners(parts: ListenerParts): Promise<{ port: number; internalPort: number }> {
  const { door, certificate, closing } = parts;
  const { internal, listen, forwardAuth } = parts.config;
  const { port: internalPort } = await door.listenInternal({ host: internal.host, port: internal.port });
  const { host, redirectFrom } = listen;
  const address = { host, port: listen.port };
  const { port } = await door.listen(certificate === undefined ? address : { ...address, tls: certificate.pair() });
  if (certificate !== undefined) {
    closing.push(() => certificate.stop());
    certificate.start((pair) => door.replaceCertificate(pair));
  }
  if (redirectFrom !== undefined) {
    await door.listenRedirect({ host: redirectFrom.host ?? host, port: redirectFrom.port });
  }
  if (forwardAuth !== undefined) await door.listenForwardAuth({ host: forwardAuth.host, port: forwardAuth.port });
  return { port, internalPort };
}
