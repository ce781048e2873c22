import type { Gateway } from '@sallyport/gateway';
import type { Closing } from './closing.ts';
import type { Config } from './config/config-schema.ts';
import type { CertificateWatch } from './tls/certificate-watch.ts';
import type { MachineCertificatesWatch } from './tls/machine-certificates.ts';

export interface ListenerParts {
  readonly gateway: Gateway;
  readonly config: Config;
  readonly certificate: CertificateWatch | undefined;
  readonly machineCertificates: MachineCertificatesWatch | undefined;
  readonly closing: Closing;
}

/** The ports that were bound. */
export interface BoundPorts {
  readonly port: number;
  readonly internalPort: number;
  readonly machinePort: number | undefined;
}

/** Opens the internal listener, the public one, the one for machines, and the one that leads to https, as they are configured. */
export async function openListeners(parts: ListenerParts): Promise<BoundPorts> {
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
  return { port, internalPort, machinePort: await openMachines(parts) };
}

async function openMachines(parts: ListenerParts): Promise<number | undefined> {
  const { gateway, config, machineCertificates, closing } = parts;
  if (config.mtls === undefined || machineCertificates === undefined) return undefined;
  const { pair, trust } = machineCertificates;
  const { host, port } = config.mtls.listen;
  const listening = await gateway.listenMachines({ host, port, tls: pair?.material(), trust: trust.material() });
  closing.push(() => {
    pair?.stop();
    trust.stop();
  });
  pair?.start((tls) => gateway.replaceMachines({ tls }));
  trust.start((next) => gateway.replaceMachines({ trust: next }));
  return listening.port;
}
