import { request as httpsRequest } from 'node:https';
import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import type { ClientCertificate, Logger, LogFields, Principal } from '@sallyport/core';
import { createTestIssuer } from '@sallyport/testing';
import type { TestAuthority, TestCertificate } from '@sallyport/testing/certificates';
import { Controller, Get, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Authenticated, MutualTls, Permissions, Public, ServiceOnly } from '../access/declare-access.ts';
import { CurrentPrincipal } from '../request-caller.ts';
import type { IntrospectionOptions } from '../introspection-options.ts';
import { SallyportModule } from '../sallyport-module.ts';
import type { CertificatesOptions } from './certificates-options.ts';
import { CurrentCertificate } from './request-certificate.ts';

export const issuer = createTestIssuer({ audience: 'orders' });
export const otherService = createTestIssuer({ audience: 'billing' });

export const lines: (LogFields & { readonly reason?: unknown })[] = [];
const note = (_message: string, fields?: LogFields): void => void (fields !== undefined && lines.push(fields));
export const logger: Logger = { info: note, warn: note, error: note };

/** What a handler was told. */
export interface Told {
  readonly id?: string;
  readonly kind: string;
  readonly credential?: string;
  readonly certificate?: string;
}

@Controller()
export class OrdersController {
  @Get('token')
  @Authenticated()
  token(@CurrentPrincipal() principal: Principal, @CurrentCertificate() certificate?: ClientCertificate): Told {
    return tell(principal, certificate);
  }

  @Get('alone')
  @MutualTls('alone')
  @ServiceOnly()
  alone(@CurrentPrincipal() principal: Principal, @CurrentCertificate() certificate: ClientCertificate): Told {
    return tell(principal, certificate);
  }

  @Get('alone/refund')
  @MutualTls('alone')
  @Permissions('order:refund')
  refund(@CurrentPrincipal() principal: Principal): Told {
    return tell(principal);
  }

  @Get('both')
  @MutualTls('with-token')
  @Authenticated()
  both(@CurrentPrincipal() principal: Principal, @CurrentCertificate() certificate: ClientCertificate): Told {
    return tell(principal, certificate);
  }

  @Get('open')
  @Public('a health check')
  open(@CurrentPrincipal() { kind }: { kind: string }): Told {
    return { kind };
  }
}

function tell({ id, kind, credential }: Principal, certificate?: ClientCertificate): Told {
  const name = certificate === undefined ? {} : { certificate: certificate.spiffeId ?? certificate.subject };
  return { id, kind, credential, ...name };
}

export const folder = mkdtempSync(join(tmpdir(), 'sallyport-nest-certificates-'));

/** Writes what a service reads. @returns the path. */
export function writeTestFile(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

export interface TestServiceOptions {
  readonly certificates: CertificatesOptions | undefined;
  /** Absent for a service without TLS. */
  readonly tls?: ConnectionOptions | undefined;
  readonly platform?: 'Express' | 'Fastify';
  readonly introspection?: IntrospectionOptions;
  readonly controllers?: readonly Type[];
}

/** A Nest service that listens on a port. */
export async function startOrders({
  certificates,
  tls,
  platform = 'Express',
  introspection,
  controllers = [OrdersController],
}: TestServiceOptions): Promise<{
  readonly app: INestApplication;
  readonly port: number;
}> {
  const root = {
    module: class Root {},
    imports: [
      SallyportModule.forRoot({
        issuer: issuer.issuer,
        audience: issuer.audience,
        keys: { keys: [...issuer.jwks().keys, ...otherService.jwks().keys] },
        logger,
        ...(certificates === undefined ? {} : { certificates }),
        ...(introspection === undefined ? {} : { introspection }),
      }),
    ],
    controllers: [...controllers],
  };
  const https = tls === undefined ? {} : { requestCert: true, rejectUnauthorized: false, ...tls };
  const adapter =
    platform === 'Express'
      ? new ExpressAdapter()
      : new FastifyAdapter(tls === undefined ? {} : { https: https as never });
  const app = await NestFactory.create<INestApplication>(root, adapter, {
    logger: false,
    abortOnError: false,
    ...(tls === undefined ? {} : { httpsOptions: https }),
  });
  await app.listen(0, '127.0.0.1');
  // A server that listens on a port has an address of this shape.
  const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
  return { app, port };
}

export interface Answer {
  readonly status: number;
  readonly body: Told & { readonly code?: string };
  /** Why it was refused, in the log of the service. */
  readonly reason: unknown;
}

/** Calls a service. `own` is what the caller presents. */
export function createCaller(
  port: number,
  authority: TestAuthority,
): (
  path: string,
  own?: TestCertificate,
  headers?: Record<string, string>,
  more?: ConnectionOptions,
) => Promise<Answer> {
  return (path, own, headers = {}, more = {}) =>
    ask({ port, path, headers, ...own, ca: authority.ca, servername: 'localhost', ...more }, true);
}

/** The same without TLS: from a proxy, or from a client that says to be one. */
export function callPlainly(
  port: number,
  path: string,
  headers: Record<string, string | string[]>,
  localAddress = '127.0.0.1',
): Promise<Answer> {
  return ask({ port, path, headers, localAddress }, false);
}

function ask(options: object, isSecure: boolean): Promise<Answer> {
  lines.length = 0;
  return new Promise((resolve, reject) => {
    const request = (isSecure ? httpsRequest : httpRequest)(
      { host: '127.0.0.1', agent: false, ...options },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            body: JSON.parse(text) as Answer['body'], // Of our own handlers and filter.
            reason: lines.find(({ event }) => event === 'request-refused')?.reason,
          }),
        );
      },
    );
    request.on('error', reject).end();
  });
}

export const bearer = (token: string): { authorization: string } => ({ authorization: `Bearer ${token}` });
