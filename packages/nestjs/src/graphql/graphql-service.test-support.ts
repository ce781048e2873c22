import type { AddressInfo } from 'node:net';
import type { LogFields, Logger } from '@sallyport/core';
import { createTestIssuer } from '@sallyport/testing';
import type { INestApplication, ModuleMetadata, Type } from '@nestjs/common';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { NestFactory } from '@nestjs/core';
import { GraphQLModule } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { SallyportModule } from '../sallyport-module.ts';
import type { SallyportOptions } from '../sallyport-options.ts';
import { SallyportSubscriptions } from './sallyport-subscriptions.ts';

export const issuer = createTestIssuer({
  issuer: 'https://app.test/internal',
  roles: { user: [], vendor: ['product:read', 'product:create'], admin: ['product:read'] },
});

export type Driver = 'Apollo' | 'Apollo on Fastify' | 'Mercurius';

/** What the service logged. */
export const lines: (LogFields & { message: string })[] = [];
const logger: Logger = {
  info: (message, fields) => void lines.push({ message, ...fields }),
  warn: (message, fields) => void lines.push({ message, ...fields }),
  error: (message, fields) => void lines.push({ message, ...fields }),
};

export interface GraphqlServiceOptions {
  readonly resolvers: readonly Type[];
  readonly access?: Partial<SallyportOptions>;
  /** Options of `GraphQLModule` that are not those of a good service. */
  readonly graphql?: (good: object) => object;
}

/** Builds an application that serves resolvers with one of the drivers, as its documentation tells. It does not listen. */
export function createGraphqlService(driver: Driver, options: GraphqlServiceOptions): Promise<INestApplication> {
  const { resolvers, access = { keys: issuer.jwks() }, graphql = (good) => good } = options;
  const imports: NonNullable<ModuleMetadata['imports']> = [
    SallyportModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience, logger, ...access }),
    driver !== 'Mercurius'
      ? GraphQLModule.forRootAsync<ApolloDriverConfig>({
          driver: ApolloDriver,
          inject: [SallyportSubscriptions],
          useFactory: (subscriptions: SallyportSubscriptions) =>
            graphql({
              autoSchemaFile: true,
              fieldResolverEnhancers: ['guards'],
              graphiql: false,
              allowBatchedHttpRequests: true,
              subscriptions: { 'graphql-ws': subscriptions.graphqlWs() },
            } satisfies ApolloDriverConfig),
        })
      : GraphQLModule.forRootAsync<MercuriusDriverConfig>({
          driver: MercuriusDriver,
          inject: [SallyportSubscriptions],
          useFactory: (subscriptions: SallyportSubscriptions) =>
            graphql({
              autoSchemaFile: true,
              fieldResolverEnhancers: ['guards'],
              allowBatchedQueries: true,
              subscription: { ...subscriptions.mercurius(), fullWsTransport: true },
            } satisfies MercuriusDriverConfig) as MercuriusDriverConfig,
        }),
  ];
  const root = { module: class Root {}, imports, providers: [...resolvers] };
  const adapter = driver === 'Apollo' ? new ExpressAdapter() : new FastifyAdapter();
  return NestFactory.create<INestApplication>(root, adapter, { logger: false, abortOnError: false });
}

export async function startGraphqlService(driver: Driver, options: GraphqlServiceOptions): Promise<INestApplication> {
  const app = await createGraphqlService(driver, options);
  await app.listen(0, '127.0.0.1');
  return app;
}

/** Why an application does not start; the empty text when it does. */
export async function whyNotStarted(driver: Driver, options: GraphqlServiceOptions): Promise<string> {
  let app: INestApplication | undefined;
  try {
    app = await startGraphqlService(driver, options);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await app?.close();
  }
}

export function portOf(app: INestApplication): number {
  // A server that listens on a port has an address of this shape.
  return (app.getHttpServer() as { address(): AddressInfo }).address().port;
}

export interface GraphqlError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: { readonly code?: string; readonly problem?: Readonly<Record<string, unknown>> };
}

export interface GraphqlAnswer {
  readonly status: number;
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly GraphqlError[];
}

/** Sends one query over HTTP. */
export async function ask(app: INestApplication, query: string, token?: string): Promise<GraphqlAnswer> {
  const response = await post(app, { query }, token);
  return { status: response.status, ...((await response.json()) as object) };
}

/** Sends a body over HTTP. */
export function post(app: INestApplication, body: unknown, token?: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${portOf(app)}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
}
