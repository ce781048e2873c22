import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import {
  credentials,
  makeGenericClientConstructor,
  Metadata,
  status,
  type Client,
  type ServerDuplexStream,
  type ServiceDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import { Controller, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GrpcMethod, GrpcStreamCall, GrpcStreamMethod, Transport } from '@nestjs/microservices';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Principal } from '@sallyport/core';
import { map, type Observable } from 'rxjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Permissions } from '../access/declare-access.ts';
import { callerOf } from '../request-caller.ts';
import { SallyportModule } from '../sallyport-module.ts';
import { createReadableLogger, issuer, madeSecondsAgo, methodToken } from './message-service.test-support.ts';

/* Calls of a real client to a real server: the token is in the metadata, and good for one method. */

interface Invoice {
  readonly total: number;
  readonly subject?: string;
}

const message = { fields: { total: { type: 'int32', id: 1 }, subject: { type: 'string', id: 2 } } };
const method = { requestType: 'Invoice', responseType: 'Invoice', comment: '' };
const definition = fromJSON({
  nested: {
    billing: {
      nested: {
        Invoice: message,
        Invoices: {
          methods: {
            Create: method,
            Each: { ...method, requestStream: true, responseStream: true },
            Raw: { ...method, requestStream: true, responseStream: true },
          },
        },
      },
    },
  },
});

/** The loader makes it of the service above. */
const methods = definition['billing.Invoices'] as ServiceDefinition;

const { lines, logger } = createReadableLogger();
const handled: unknown[] = [];

@Controller()
@Permissions('invoice:create')
class InvoicesController {
  @GrpcMethod('Invoices', 'Create')
  create(data: Invoice, metadata: Metadata): Invoice {
    handled.push(data);
    const caller = callerOf(metadata);
    return { ...data, subject: caller.kind === 'anonymous' ? '' : caller.id };
  }

  @GrpcStreamMethod('Invoices', 'Each')
  each(invoices: Observable<Invoice>, metadata: Metadata): Observable<Invoice> {
    const caller = callerOf(metadata) as Principal;
    return invoices.pipe(map((invoice) => ({ ...invoice, subject: caller.id })));
  }

  @GrpcStreamCall('Invoices', 'Raw')
  raw(call: ServerDuplexStream<Invoice, Invoice>): void {
    const caller = callerOf(call.metadata) as Principal;
    call.on('data', (invoice: Invoice) => call.write({ ...invoice, subject: caller.id }));
    call.on('end', () => call.end());
  }
}

let app: INestApplication;
let client: Client;
beforeAll(async () => {
  const root = {
    module: class Root {},
    imports: [SallyportModule.forRoot({ issuer: issuer.issuer, audience: 'billing', keys: issuer.jwks(), logger })],
    controllers: [InvoicesController],
  };
  app = await NestFactory.create<INestApplication>(root, new ExpressAdapter(), { logger: false });
  const url = `127.0.0.1:${await findFreePort()}`;
  app.connectMicroservice({
    transport: Transport.GRPC,
    options: { package: 'billing', packageDefinition: definition, url },
  });
  await app.startAllMicroservices();
  const Invoices = makeGenericClientConstructor(methods, 'Invoices');
  client = new Invoices(url, credentials.createInsecure());
});
afterAll(async () => {
  client.close();
  await app.close();
});
beforeEach(() => {
  handled.length = 0;
  lines.length = 0;
});

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function metadataOf(token: string | undefined): Metadata {
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  return metadata;
}

function create(metadata: Metadata): Promise<Invoice> {
  const { path, requestSerialize, responseDeserialize } = methodOf('Create');
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      { total: 12 },
      metadata,
      (error: ServiceError | null, answer?: object) => {
        if (error === null) resolve(answer as Invoice);
        else reject(error);
      },
    );
  });
}

function stream(name: 'Each' | 'Raw', metadata: Metadata): Promise<readonly Invoice[]> {
  const { path, requestSerialize, responseDeserialize } = methodOf(name);
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
  const answers: Invoice[] = [];
  return new Promise((resolve, reject) => {
    call.on('data', (answer: Invoice) => void answers.push(answer));
    call.on('error', reject);
    call.on('end', () => resolve(answers));
    call.write({ total: 1 });
    call.write({ total: 2 });
    call.end();
  });
}

function methodOf(name: string) {
  const found = methods[name];
  if (found === undefined) throw new TypeError(`no method ${name}`);
  return found;
}

describe('a method of gRPC', () => {
  it('knows the user of a call by its metadata', async () => {
    const metadata = metadataOf(methodToken('/billing.Invoices/Create'));
    expect(await create(metadata)).toMatchObject({ total: 12, subject: 'clerk-1' });
    // The token is good for the method until it expires: a client may call again.
    expect(await create(metadata)).toMatchObject({ subject: 'clerk-1' });
  });

  it('takes the internal token of a request, where the gateway is not the one who calls', async () => {
    expect(await create(metadataOf(issuer.tokenFor('clerk')))).toMatchObject({ subject: 'clerk-1' });
  });

  it.each([
    { name: 'no token', token: () => undefined, code: status.UNAUTHENTICATED, details: 'SP_UNAUTHENTICATED' },
    {
      name: 'a token that is made up',
      token: () => 'a.b.c',
      code: status.UNAUTHENTICATED,
      details: 'SP_TOKEN_INVALID',
    },
    {
      name: 'the token of another method',
      token: () => methodToken('/billing.Invoices/Each'),
      code: status.UNAUTHENTICATED,
      details: 'SP_TOKEN_INVALID',
    },
    {
      name: 'the token of another service',
      token: () => methodToken('/billing.Invoices/Create', { claims: { aud: 'mails' } }),
      code: status.UNAUTHENTICATED,
      details: 'SP_TOKEN_INVALID',
    },
    {
      name: 'a token that has expired',
      token: () => methodToken('/billing.Invoices/Create', { claims: madeSecondsAgo(70) }),
      code: status.UNAUTHENTICATED,
      details: 'SP_TOKEN_EXPIRED',
    },
    {
      name: 'the token of a user who may not',
      token: () => methodToken('/billing.Invoices/Create', { role: 'reader' }),
      code: status.PERMISSION_DENIED,
      details: 'SP_FORBIDDEN',
    },
  ])('answers a call with $name', async ({ token, code, details }) => {
    const refusal = create(metadataOf(token()));
    await expect(refusal).rejects.toMatchObject({ code, details: expect.stringContaining(`${details}: `) as unknown });
    expect(handled).toEqual([]);
    expect(lines).toMatchObject([{ event: 'request-refused', code: details }]);
  });
});

describe.each(['Each', 'Raw'] as const)('a stream of gRPC (%s)', (name) => {
  it('knows the user of the call', async () => {
    const answers = await stream(name, metadataOf(methodToken(`/billing.Invoices/${name}`)));
    expect(answers).toMatchObject([
      { total: 1, subject: 'clerk-1' },
      { total: 2, subject: 'clerk-1' },
    ]);
  });
});

describe('a stream of gRPC', () => {
  it.each([
    { token: undefined, code: status.UNAUTHENTICATED },
    { token: methodToken('/billing.Invoices/Each', { role: 'reader' }), code: status.PERMISSION_DENIED },
  ])('is refused before its first message: $code', async ({ token, code }) => {
    await expect(stream('Each', metadataOf(token))).rejects.toMatchObject({ code });
    expect(lines).toHaveLength(1);
  });
});
