import type { Requirement } from '@sallyport/core';
import { HttpStatus, RequestMethod } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { listHandlers, type DiscoveredHandler } from './list-handlers.ts';
import { resolveAccess, type Access } from './resolve-access.ts';

/** Anything that providers can be taken from: a Nest application. */
export interface ApplicationLike {
  get<T>(type: abstract new (...values: never[]) => T, options: { readonly strict: false }): T;
}

/** The part of an OpenAPI document that is added to. */
export interface OpenApiConfigLike {
  readonly components?: { readonly securitySchemes?: Readonly<Record<string, unknown>> };
}

/** Name of the security scheme in the OpenAPI document. */
export const swaggerSecurityScheme = 'sallyport';

// The keys under which `@nestjs/swagger` keeps what its own decorators declare. Names, not imports: it stays optional.
const securityKey = 'swagger/apiSecurity';
const responseKey = 'swagger/apiResponse';

/**
 * Derives the security of the OpenAPI document from the access that the handlers declare, so that it cannot differ from
 * what the guard enforces. Call it before `SwaggerModule.createDocument`, with the configuration that goes into it.
 *
 * @example
 * `SwaggerModule.createDocument(app, applySallyportSwagger(app, new DocumentBuilder().setTitle('Shop').build()))`
 */
export function applySallyportSwagger<Config extends OpenApiConfigLike>(app: ApplicationLike, config: Config): Config {
  const discovery = app.get(DiscoveryService, { strict: false });
  const scanner = app.get(MetadataScanner, { strict: false });
  for (const discovered of listHandlers(discovery, scanner)) describeHandler(discovered);
  return {
    ...config,
    components: {
      ...config.components,
      securitySchemes: {
        ...config.components?.securitySchemes,
        [swaggerSecurityScheme]: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description:
            'The short-lived token that the gateway attaches. Behind the gateway, the session cookie is enough.',
        },
      },
    },
  };
}

function describeHandler({ handler, controller, transport }: DiscoveredHandler): void {
  if (transport !== 'HTTP') return;
  const access = resolveAccess(handler, controller);
  if (access.kind === 'public') {
    Reflect.defineMetadata(securityKey, [], handler);
    return;
  }
  Reflect.defineMetadata(securityKey, [{ [swaggerSecurityScheme]: [] }], handler);
  Reflect.defineMetadata(responseKey, { ...declaredResponses(handler), ...refusals(access) }, handler);
}

/** Once any response is declared, the default one of Nest is gone from the document: keep it. */
function declaredResponses(handler: object): object {
  // Only `@nestjs/swagger` writes under this key.
  const declared = Reflect.getMetadata(responseKey, handler) as object | undefined;
  if (declared !== undefined) return declared;
  const status: unknown = Reflect.getMetadata('__httpCode__', handler);
  const isPost = Reflect.getMetadata('method', handler) === RequestMethod.POST;
  return { [typeof status === 'number' ? status : isPost ? HttpStatus.CREATED : HttpStatus.OK]: { description: '' } };
}

function refusals(access: Access): object {
  const requirements = access.kind === 'guarded' ? access.requirements : [];
  return {
    401: { description: 'No token, or one that does not hold here', content: problemContent },
    ...(requirements.length === 0
      ? {}
      : { 403: { description: requirements.map(describeRequirement).join('; '), content: problemContent } }),
  };
}

function describeRequirement({ roles, permissions }: Requirement): string {
  if (roles !== undefined) return `Needs the role ${roles.join(' or ')}`;
  return `Needs the permission ${permissions?.join(' and ') ?? ''}`;
}

const problemContent = {
  'application/problem+json': {
    schema: {
      type: 'object',
      required: ['type', 'title', 'status', 'code', 'requestId'],
      properties: {
        type: { type: 'string', format: 'uri' },
        title: { type: 'string' },
        status: { type: 'integer' },
        code: { type: 'string', example: 'SP_FORBIDDEN' },
        hint: { type: 'string' },
        requestId: { type: 'string' },
      },
    },
  },
};
