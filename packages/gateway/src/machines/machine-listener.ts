import type { ClientCertificate, MachineTrust } from '@sallyport/core';
import type { InboundHeaders } from '../firewall/inbound-headers.ts';
import {
  createMachineCertificates,
  type MachineCertificates,
  type ReadMachineCertificate,
} from './machine-certificates.ts';
import type { MachineOptions } from './machine-options.ts';

/** What the listener for machines keeps across reloads: whose certificates it believes. */
export interface MachineListener {
  readonly read: ReadMachineCertificate;
  /** Believes these from now on; the first time it begins to look after open connections. */
  use(trust: MachineTrust): MachineCertificates;
  close(): void;
}

/** How long a connection stays open at most when its certificate has expired in the middle of an answer. */
const sweepMilliseconds = 5000;

/** Builds it; no certificate is believed before `use`. */
export function createMachineListener({
  machines,
  clock,
}: {
  readonly machines?: MachineOptions | undefined;
  readonly clock: () => number;
}): MachineListener {
  let certificates: MachineCertificates | undefined;
  let timer: NodeJS.Timeout | undefined;
  return {
    read: (socket, headers: InboundHeaders, at): ClientCertificate => {
      if (certificates === undefined) throw new TypeError('the listener for machines is not open');
      return certificates.read(socket, headers, at);
    },
    use: (trust) => {
      if (certificates === undefined) {
        const opened = createMachineCertificates({ trust, proxies: machines?.behindProxy?.proxies ?? [], clock });
        certificates = opened;
        timer = setInterval(() => opened.sweep(clock()), sweepMilliseconds).unref();
      } else certificates.replaceTrust(trust);
      return certificates;
    },
    close: () => clearInterval(timer),
  };
}
