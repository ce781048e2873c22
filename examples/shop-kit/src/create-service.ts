import { refuseAmbiguousJson } from '@sallyport/nestjs';
import type { DynamicModule, LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { serveApiPage, type ApiPage } from './api-page.ts';
import { requireJsonBody } from './require-json-body.ts';

export interface ServiceParts extends ApiPage {
  readonly logger: LoggerService | false;
}

/** Puts a service of the shop together. It listens when its `listen` is called. */
export async function createService(
  module: DynamicModule,
  { logger, ...page }: ServiceParts,
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(module, {
    logger,
    // A mistake at the start is thrown to `main`, which reports it; Nest would end the process by itself.
    abortOnError: false,
  });
  app.disable('x-powered-by');
  app.use(requireJsonBody);
  // Its type leaves `verify` out, because Nest sets it itself where `rawBody` is on.
  const json = { limit: '64kb', verify: refuseAmbiguousJson };
  app.useBodyParser('json', json);
  serveApiPage(app, page);
  return app;
}
