import { Inject, Injectable } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { SallyportExceptionFilter } from './errors/sallyport-exception-filter.ts';
import { SallyportGuard } from './guard/sallyport-guard.ts';

/**
 * Puts the guard before every guard of the application, and the filter behind every filter, in whatever order modules are
 * imported.
 *
 * Nest runs `APP_GUARD`s and `APP_FILTER`s in the order in which it finds modules, that of the root first: a guard of the
 * application would see no caller, and its filters would never be asked. It adds those after it has made all providers, so
 * what is added in a constructor stands first: guards run from the front, filters are asked from the back.
 */
@Injectable()
export class GlobalEnhancers {
  constructor(
    @Inject(ApplicationConfig) config: ApplicationConfig,
    @Inject(SallyportGuard) guard: SallyportGuard,
    @Inject(SallyportExceptionFilter) filter: SallyportExceptionFilter,
  ) {
    config.addGlobalGuard(guard);
    config.addGlobalFilter(filter);
  }
}
