import 'reflect-metadata';
import { performance } from 'node:perf_hooks';
import { silentLogger } from '@sallyport/core';
import { Permissions, SallyportModule } from '@sallyport/nestjs';
import { createTestIssuer } from '@sallyport/testing';
import { Controller, Get, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { reportReady } from '../child-side.ts';

/* How long a Nest application of 500 handlers takes to be built, with our module and without. */

const controllerCount = 50;
const handlersPerController = 10;
const issuer = createTestIssuer({ audience: 'shop' });
const access = { issuer: issuer.issuer, audience: issuer.audience, keys: issuer.jwks(), logger: silentLogger };

/** New classes each time: what was found out about a handler is remembered. */
function createController(index: number): Type {
  class ManyController {}
  for (let handler = 0; handler < handlersPerController; handler += 1) {
    const name = `handler${handler}`;
    const descriptor = { value: () => name, configurable: true, writable: true, enumerable: false };
    Object.defineProperty(ManyController.prototype, name, descriptor);
    // By hand: what is loaded from its source has no decorators.
    Get(name)(ManyController.prototype, name, descriptor);
    Permissions('product:read', `product:write-${handler}`)(ManyController.prototype, name, descriptor);
  }
  Controller(`many/${index}`)(ManyController);
  return ManyController;
}

/** Milliseconds from nothing to an application that is ready, but for listening. */
async function build(isGuarded: boolean): Promise<number> {
  const controllers = Array.from({ length: controllerCount }, (_, index) => createController(index));
  const imports = isGuarded ? [SallyportModule.forRoot(access)] : [];
  const begun = performance.now();
  const app = await NestFactory.create({ module: class Root {}, imports, controllers }, { logger: false });
  await app.init();
  const milliseconds = performance.now() - begun;
  await app.close();
  return milliseconds;
}

reportReady({}, async () => ({ subject: await build(true), baseline: await build(false) }));
