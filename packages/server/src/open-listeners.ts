import type { Gateway } from '@sallyport/gateway';
import type { Closing } from './closing.ts';
import type { Config } from './config/config-schema.ts';
import type { CertificateWatch } from './tls/certificate-watch.ts';

export interface ListenerParts {
  readonly gateway: Gateway;
  readonly config: Config;
  readonly certificate: CertificateWatch | undefined;
  readonly closing: Closing;
}

/** Opens the internal listener, the public one, and the one that leads to https, as they are configured. */
export async function openListeners(parts: ListenerParts): Promise<{ port: number; internalPort: number }> {
  const { gateway, certificate, closing } = parts;
  const { internal, listen, forwardAuth } = parts.config;
  const { port: internalPort } = await gateway.listenInternal({ host: internal.host, port: internal.port });
  const { host, redirectFrom } = listen;
  const address = { host, port: listen.port };
  const { port } = await gateway.listen(
    certificate === undefined ? address : { ...address, tls: certificate.material() },
  );
  if (certificate !== undefined) {
    closing.push(() => certificate.stop());
    certificate.start((pair) => gateway.replaceCertificate(pair));
  }
  if (redirectFrom !== undefined) {
    await gateway.listenRedirect({ host: redirectFrom.host ?? host, port: redirectFrom.port });
  }
  if (forwardAuth !== undefined) await gateway.listenForwardAuth({ host: forwardAuth.host, port: forwardAuth.port });
  return { port, internalPort };
}
