import type { HttpAdapterHost } from '@nestjs/core';
import type { DiscoveredHandler } from '../access/list-handlers.ts';
import { accessOf } from '../access/resolve-access.ts';
import type { CertificatesOptions } from './certificates-options.ts';

/** Says where a handler asks for a certificate that it would never get. */
export function problemsOfCertificateUse(
  { handler, controller, methodName, transport }: DiscoveredHandler,
  certificates: CertificatesOptions | undefined,
): readonly string[] {
  const access = accessOf(handler, controller);
  if (access.kind !== 'guarded' || access.mutualTls === undefined) return [];
  const name = `${controller.name}.${methodName}`;
  if (certificates === undefined)
    return [`${name} has @MutualTls, and the service looks at no certificates: give SallyportModule certificates`];
  if (transport !== 'HTTP' && transport !== 'GraphQL')
    return [`${name} (${transport}) has @MutualTls, which is for HTTP and GraphQL alone`];
  if (access.mutualTls === 'alone' && certificates.callers === undefined)
    return [`${name} has @MutualTls('alone'), and no certificate is known: give certificates callers`];
  return [];
}

/** Says that the server of the application asks no one for a certificate, where it is the one that would have to. */
export function problemsOfServer(
  { httpAdapter }: HttpAdapterHost,
  certificates: CertificatesOptions | undefined,
): readonly string[] {
  if (certificates === undefined || certificates.behindProxy !== undefined) return [];
  // A context without a server has no requests.
  if (!(httpAdapter as unknown)) return [];
  const server: unknown = httpAdapter.getHttpServer();
  // As `node:https` and `node:http2` keep the option of their servers.
  if (typeof server !== 'object' || server === null || Reflect.get(server, 'requestCert') === true) return [];
  return [
    'SallyportModule has certificates, and the server asks for none: NestFactory.create(AppModule, { httpsOptions: { cert, key, ca, requestCert: true, rejectUnauthorized: false } }), or name the proxy that does in certificates.behindProxy',
  ];
}
