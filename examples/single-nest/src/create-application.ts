import 'reflect-metadata';
import { ValidationPipe, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { InProcessIdentityOptions } from '@sallyport/server';
import { AppModule } from './app.module.ts';
import type { Configuration } from './configuration.ts';

/** Builds the application. `change` is for tests, such as a mailer that keeps what it is given. */
export async function createApplication(
  configuration: Configuration,
  change: Partial<InProcessIdentityOptions> = {},
): Promise<INestApplication> {
  const app = await NestFactory.create<INestApplication>(AppModule.with(configuration, change), {
    logger: ['error', 'warn'],
    abortOnError: false,
  });
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }));
  return app;
}
