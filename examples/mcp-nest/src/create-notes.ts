import 'reflect-metadata';
import { refuseAmbiguousJson, type SallyportOptions } from '@sallyport/nestjs';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { NotesModule } from './notes-module.ts';

/** Builds the server. It listens when its `listen` is called. */
export async function createNotes(options: SallyportOptions): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(NotesModule.with(options), {
    logger: ['error', 'warn'],
    abortOnError: false,
  });
  app.disable('x-powered-by');
  // Its type leaves `verify` out, because Nest sets it itself where `rawBody` is on.
  const json = { limit: '256kb', verify: refuseAmbiguousJson };
  app.useBodyParser('json', json);
  return app;
}
