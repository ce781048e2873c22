import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { SERVICE_CERTIFICATES } from '../injection-tokens.ts';
import type { ServiceCertificates } from './service-certificates.ts';

/** Looks at the files of certificates for as long as the application lives. */
@Injectable()
export class CertificateFiles implements OnModuleInit, OnModuleDestroy {
  readonly #certificates: ServiceCertificates | undefined;

  constructor(@Inject(SERVICE_CERTIFICATES) certificates: ServiceCertificates | undefined) {
    this.#certificates = certificates;
  }

  onModuleInit(): void {
    this.#certificates?.trust.start();
  }

  onModuleDestroy(): void {
    this.#certificates?.trust.stop();
  }
}
