import { createNestLogger } from '../nest-logger.ts';
import type { SallyportOptions } from '../sallyport-options.ts';
import { openCertificateTrust } from './certificate-trust.ts';
import { createServiceCertificates, type ServiceCertificates } from './service-certificates.ts';

/** Opens the certificates of a service, where its options name any. @throws OptionsError when their files cannot be used. */
export function openServiceCertificates({ certificates, logger }: SallyportOptions): ServiceCertificates | undefined {
  if (certificates === undefined) return undefined;
  const trust = openCertificateTrust({ ...certificates, logger: logger ?? createNestLogger() });
  return createServiceCertificates(certificates, trust);
}
