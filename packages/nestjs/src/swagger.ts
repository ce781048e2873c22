import type { Requirement, StepUp } from '@sallyport/core';
import { HttpStatus, RequestMethod } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { listHandlers, type DiscoveredHandler } from './access/list-handlers.ts';
import { policiesOf, resolveAccess, type Access, type MutualTlsUse } from './access/resolve-access.ts';
import type { PolicyCheck } from './policy/policy-check.ts';

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

/** Name of the scheme of API keys, where a handler takes them. */
export const swaggerApiKeyScheme = 'sallyportApiKey';

// The keys under which `@nestjs/swagger` keeps what its own decorators declare. Names, not imports: it stays optional.
const securityKey = 'swagger/apiSecurity';
const responseKey = 'swagger/apiResponse';

/** Name of the scheme of client certificates, where a handler asks for one. */
export const swaggerCertificateScheme = 'sallyportCertificate';

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
  const handlers = listHandlers(discovery, scanner).filter(({ transport }) => transport === 'HTTP');
  for (const discovered of handlers) describeHandler(discovered);
  const takesKeys = handlers.some(({ handler, controller }) => acceptsKeys(resolveAccess(handler, controller)));
  const asksForCertificates = handlers.some(
    ({ handler, controller }) => certificateUseOf(resolveAccess(handler, controller)) !== undefined,
  );
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
        ...(takesKeys
          ? {
              [swaggerApiKeyScheme]: {
                type: 'apiKey',
                in: 'header',
                name: 'X-API-Key',
                description: 'A key: sp_key_…',
              },
            }
          : {}),
        ...(asksForCertificates
          ? {
              [swaggerCertificateScheme]: {
                type: 'mutualTLS',
                description: 'A client certificate of an authority that this service believes.',
              },
            }
          : {}),
      },
    },
  };
}

function describeHandler({ handler, controller }: DiscoveredHandler): void {
  const access = resolveAccess(handler, controller);
  // What guards it instead may have said so itself.
  if (access.kind === 'elsewhere') return;
  Reflect.defineMetadata(securityKey, securityOf(access), handler);
  if (access.kind === 'public') return;
  Reflect.defineMetadata(responseKey, { ...declaredResponses(handler), ...refusals(access) }, handler);
}

/** One of these is enough; the empty one stands for no credential at all. */
function securityOf(access: Access): readonly object[] {
  if (access.kind === 'public') return [];
  const use = certificateUseOf(access);
  if (use === 'alone') return [{ [swaggerCertificateScheme]: [] }];
  // Both in one object: the one and the other.
  if (use === 'with-token') return [{ [swaggerSecurityScheme]: [], [swaggerCertificateScheme]: [] }];
  const onlyKeys = 'accepts' in access && access.accepts?.size === 1 && acceptsKeys(access);
  return [
    ...(onlyKeys ? [] : [{ [swaggerSecurityScheme]: [] }]),
    ...(acceptsKeys(access) ? [{ [swaggerApiKeyScheme]: [] }] : []),
    ...(access.kind === 'optional' ? [{}] : []),
  ];
}

function certificateUseOf(access: Access): MutualTlsUse | undefined {
  return access.kind === 'guarded' ? access.mutualTls : undefined;
}

function acceptsKeys(access: Access): boolean {
  return 'accepts' in access && access.accepts?.has('api-key') === true;
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
  const needs = access.kind === 'guarded' ? needsOf(access) : [];
  const checks = policiesOf(access);
  const denied = checks.filter(({ onDeny }) => onDeny === 403).map(describeCheck);
  const hidden = checks.filter(({ load, onDeny }) => load !== undefined || onDeny === 404).map(describeMissing);
  const stepUps = access.kind === 'guarded' ? access.stepUps.map(describeStepUp) : [];
  const unknown =
    certificateUseOf(access) === undefined
      ? 'No token, or one that does not hold here'
      : 'No client certificate or token as asked for, or one that does not hold here';
  return {
    401: { description: [unknown, ...stepUps].join('; '), content: problemContent },
    ...describeRefusal(403, [...needs, ...denied]),
    ...describeRefusal(404, [...new Set(hidden)]),
  };
}

function describeRefusal(status: 403 | 404, reasons: readonly string[]): object {
  return reasons.length === 0 ? {} : { [status]: { description: reasons.join('; '), content: problemContent } };
}

function describeCheck({ action, type }: PolicyCheck): string {
  return `The policy does not allow the caller to ${action} this ${type}`;
}

function describeMissing({ type, onDeny }: PolicyCheck): string {
  return onDeny === 404 ? `No ${type} that the caller may know of` : `No such ${type}`;
}

function needsOf({ requirements, isForServices }: Extract<Access, { readonly kind: 'guarded' }>): readonly string[] {
  return [...(isForServices ? ['Needs a service, not a user'] : []), ...requirements.map(describeRequirement)];
}

function describeRequirement({ roles, permissions, anyPermission, org, orgRoles }: Requirement): string {
  if (org === true) return 'Needs an active organization';
  if (orgRoles !== undefined) return `Needs the role ${orgRoles.join(' or ')} in the active organization`;
  if (roles !== undefined) return `Needs the role ${roles.join(' or ')}`;
  if (anyPermission !== undefined) return `Needs the permission ${anyPermission.join(' or ')}`;
  return `Needs the permission ${permissions?.join(' and ') ?? ''}`;
}

function describeStepUp({ acr, maxAgeSeconds }: StepUp): string {
  const strength = acr === undefined ? [] : [`acr ${acr}`];
  const age = maxAgeSeconds === undefined ? [] : [`not older than ${maxAgeSeconds} s`];
  return `a sign-in that is not enough: it must be ${[...strength, ...age].join(' and ')} (RFC 9470)`;
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
