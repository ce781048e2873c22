import { definePolicy } from '@sallyport/policy';
import { createTestIssuer } from '@sallyport/testing';
import { Controller, Get, Post, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { ApiResponse, ApiSecurity, DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  Accepts,
  Authenticated,
  GuardedElsewhere,
  OptionalAuth,
  Permissions,
  Public,
  Roles,
  ServiceOnly,
  StepUp,
} from './access/declare-access.ts';
import { CheckPolicies } from './policy/check-policies.ts';
import { SallyportModule } from './sallyport-module.ts';
import { applySallyportSwagger } from './swagger.ts';

@Controller('things')
@Roles('admin', 'vendor')
class ThingsController {
  @Get()
  @Public('a list for everyone')
  list(): void {}

  @Post()
  @Permissions('thing:create')
  @ApiResponse({ status: 201, description: 'The thing' })
  create(): void {}
}

@Controller('me')
class MeController {
  @Get()
  @Authenticated()
  me(): void {}
}

@Controller('machines')
@ServiceOnly()
@Accepts('api-key')
class MachinesController {
  @Get('stock')
  @Permissions({ any: ['stock:read', 'stock:write'] })
  stock(): void {}

  @Get('either')
  @Accepts('session', 'api-key')
  either(): void {}
}

const policy = definePolicy({
  permissions: { 'thing:update': 'Change things' },
  roles: {},
  records: { Thing: { fields: { id: 'string' } } },
  rules: [{ allow: ['update', 'delete'], on: 'Thing', to: 'thing:update' }],
});

@Controller('records')
class RecordsController {
  @Post()
  @Permissions('thing:create')
  @CheckPolicies('update', 'Thing', { load: () => undefined })
  update(): void {}

  @Post('hidden')
  @CheckPolicies('delete', 'Thing', { load: () => undefined, onDeny: 404 })
  remove(): void {}
}

@Controller('mixed')
class MixedController {
  @Get('optional')
  @OptionalAuth()
  optional(): void {}

  @Post('refund')
  @Authenticated()
  @StepUp({ acr: 'mfa', maxAgeSeconds: 300 })
  refund(): void {}

  @Post('hook')
  @GuardedElsewhere('by the signature of the sender')
  @ApiSecurity('other')
  hook(): void {}
}

let document: OpenAPIObject;

beforeAll(async () => {
  const issuer = createTestIssuer();
  const root = {
    module: class Root {},
    imports: [
      SallyportModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience, keys: issuer.jwks(), policy }),
    ],
    controllers: [ThingsController, MeController, MachinesController, MixedController, RecordsController],
  };
  const app = await NestFactory.create<INestApplication>(root, new ExpressAdapter(), { logger: false });
  const config = new DocumentBuilder().setTitle('Things').addApiKey({ type: 'apiKey' }, 'other').build();
  // Before `init`, as in the documentation of @nestjs/swagger.
  document = SwaggerModule.createDocument(app, applySallyportSwagger(app, config));
  await app.close();
});

describe('the OpenAPI document', () => {
  it('knows the bearer scheme, and keeps the schemes of the service', () => {
    expect(document.components?.securitySchemes).toMatchObject({
      sallyport: { type: 'http', scheme: 'bearer' },
      other: { type: 'apiKey' },
    });
  });

  it('leaves a public handler open inside a guarded controller', () => {
    const operation = document.paths['/things']?.get;
    expect(operation?.security ?? []).toEqual([]);
    expect(Object.keys(operation?.responses ?? {})).toEqual(['200']);
  });

  it('says what a guarded handler needs, and keeps what it declared itself', () => {
    const operation = document.paths['/things']?.post;
    expect(operation?.security).toEqual([{ sallyport: [] }]);
    expect(operation?.responses).toMatchObject({
      201: { description: 'The thing' },
      401: { content: { 'application/problem+json': {} } },
      403: { description: 'Needs the role admin or vendor; Needs the permission thing:create' },
    });
  });

  it('promises no 403 where every known caller may pass', () => {
    expect(Object.keys(document.paths['/me']?.get?.responses ?? {})).toEqual(['200', '401']);
  });

  it('knows API keys where a handler takes them', () => {
    expect(document.components?.securitySchemes).toMatchObject({
      sallyportApiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
    });
    expect(document.paths['/machines/stock']?.get).toMatchObject({
      security: [{ sallyportApiKey: [] }],
      responses: {
        403: { description: 'Needs a service, not a user; Needs the permission stock:read or stock:write' },
      },
    });
    expect(document.paths['/machines/either']?.get?.security).toEqual([{ sallyport: [] }, { sallyportApiKey: [] }]);
  });

  it('says that a credential may be left out', () => {
    const operation = document.paths['/mixed/optional']?.get;
    expect(operation?.security).toEqual([{ sallyport: [] }, {}]);
    expect(Object.keys(operation?.responses ?? {})).toEqual(['200', '401']);
  });

  it('says which sign-in is enough', () => {
    expect(document.paths['/mixed/refund']?.post?.responses['401']).toMatchObject({
      description: expect.stringContaining('acr mfa and not older than 300 s') as string,
    });
  });

  it('says where the policy is asked, and that a record may not be there', () => {
    expect(document.paths['/records']?.post?.responses).toMatchObject({
      403: {
        description: 'Needs the permission thing:create; The policy does not allow the caller to update this Thing',
      },
      404: { description: 'No such Thing', content: { 'application/problem+json': {} } },
    });
  });

  it('promises no 403 where a refusal looks like a record that is not there', () => {
    const responses = document.paths['/records/hidden']?.post?.responses;
    expect(responses?.['404']).toMatchObject({ description: 'No Thing that the caller may know of' });
    expect(responses).not.toHaveProperty('403');
  });

  it('leaves alone what is guarded elsewhere', () => {
    const operation = document.paths['/mixed/hook']?.post;
    expect(operation?.security).toEqual([{ other: [] }]);
    expect(Object.keys(operation?.responses ?? {})).toEqual(['201']);
  });
});
