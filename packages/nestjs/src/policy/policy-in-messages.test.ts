import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { Controller, type INestApplication } from '@nestjs/common';
import {
  ClientProxyFactory,
  MessagePattern,
  Payload,
  Transport,
  type ClientProxy,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { AccessFilter } from '@sallyport/policy';
import { lastValueFrom, timeout } from 'rxjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { issuer as sealer, seal } from '../messages/message-service.test-support.ts';
import { SallyportWsAdapter } from '../websockets/sallyport-ws-adapter.ts';
import { startSocketService, type SocketService } from '../websockets/socket-service.test-support.ts';
import { AccessConditions } from './access-conditions.ts';
import { CheckPolicies } from './check-policies.ts';
import { MaskFields } from './mask-fields.ts';
import {
  createService,
  entries,
  forgetSeen,
  policy,
  seen,
  table,
  type Product,
} from './policy-service.test-support.ts';

const find = (id: string): Product | undefined => table.find((product) => product.id === id);
beforeEach(forgetSeen);

@Controller()
class ProductMessages {
  @MessagePattern('product.delete')
  @CheckPolicies('delete', 'Product', { load: (call) => find(call.text('id')) })
  remove(@Payload() { id }: { readonly id: string }): string {
    seen.handled.push(id);
    return 'deleted';
  }

  @MessagePattern('product.list')
  @CheckPolicies('read', 'Product')
  @MaskFields('read', 'Product', { at: 'items' })
  list(@AccessConditions('read', 'Product') readable: AccessFilter): object {
    return { items: table.filter((product) => readable.matches(product)) };
  }

  @MessagePattern('product.broken')
  @CheckPolicies('read', 'Report')
  @MaskFields('read', 'Product')
  broken(): string {
    return 'canary-text';
  }
}

describe.each([{ inherits: false }, { inherits: true }])(
  'a message handler that asks the policy (inheritAppConfig: $inherits)',
  ({ inherits }) => {
    let app: INestApplication;
    let client: ClientProxy;
    beforeAll(async () => {
      app = await createService({ controllers: [ProductMessages], options: { keys: sealer.jwks() } });
      const host = '127.0.0.1';
      const service = app.connectMicroservice<MicroserviceOptions>(
        { transport: Transport.TCP, options: { host, port: 0 } },
        { inheritAppConfig: inherits },
      );
      await app.startAllMicroservices();
      const { port } = service.unwrap<Server>().address() as AddressInfo;
      client = ClientProxyFactory.create({ transport: Transport.TCP, options: { host, port } });
    });
    afterAll(async () => {
      await client.close();
      await app.close();
    });

    const send = (pattern: string, data: object, scope: string): Promise<unknown> => {
      const envelope = seal(data, { pattern, claims: { sub: 'vendor-1', scope } });
      return lastValueFrom(client.send<unknown>(pattern, envelope).pipe(timeout(2000)));
    };

    it.each([
      { name: 'the product of another', data: { id: 'sofa' }, scope: 'product:update', code: 'SP_POLICY_DENIED' },
      { name: 'what is frozen', data: { id: 'oven' }, scope: 'product:update', code: 'SP_POLICY_DENIED' },
      { name: 'anything without the permission', data: { id: 'lamp' }, scope: '', code: 'SP_POLICY_DENIED' },
      { name: 'what is not there', data: { id: 'none' }, scope: 'product:update', code: 'SP_NOT_FOUND' },
      { name: 'an operator', data: { id: { $ne: '' } }, scope: 'product:update', code: 'SP_REQUEST_INVALID' },
    ])('refuses $name', async ({ data, scope, code }) => {
      await expect(send('product.delete', data, scope)).rejects.toMatchObject({ code });
      expect(seen.handled).toEqual([]);
    });

    it('refuses a message without a token', async () => {
      const answer = lastValueFrom(client.send('product.delete', { id: 'lamp' }).pipe(timeout(2000)));
      await expect(answer).rejects.toMatchObject({ code: 'SP_UNAUTHENTICATED' });
    });

    it('refuses an answer that cannot be judged, and tells nothing of it', async () => {
      const error: unknown = await send('product.broken', {}, '').catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'SP_INTERNAL' });
      expect(JSON.stringify(error)).not.toContain('canary');
    });

    it('tells the text for users, and records the denial', async () => {
      const refused = send('product.delete', { id: 'oven' }, 'product:update');
      await expect(refused).rejects.toMatchObject({ message: 'This product is under review.' });
      expect(entries).toMatchObject([{ action: 'Product.delete', transport: 'rpc', denial: { record: 'oven' } }]);
    });

    it('deletes, filters and masks', async () => {
      expect(await send('product.delete', { id: 'lamp' }, 'product:update')).toBe('deleted');
      expect(await send('product.list', {}, '')).toEqual({
        items: ['lamp', 'sofa'].map((id) => ({ id, name: find(id)?.name, status: 'published' })),
      });
    });
  },
);

@WebSocketGateway({ path: '/products' })
@CheckPolicies('read', 'Report')
class ProductGateway {
  @SubscribeMessage('delete')
  @CheckPolicies('delete', 'Product', { load: (call) => find(call.text('id')) })
  remove(@MessageBody() { id }: { readonly id: string }): object {
    seen.handled.push(id);
    return { event: 'deleted', data: id };
  }

  @SubscribeMessage('read')
  @MaskFields('read', 'Product')
  read(): object {
    return { event: 'product', data: find('sofa') };
  }
}

describe('a WebSocket gateway that asks the policy', () => {
  let service: SocketService;
  let client: WebSocket;
  beforeAll(async () => {
    service = await startSocketService(
      [ProductGateway],
      (app) => app.useWebSocketAdapter(new SallyportWsAdapter(app)),
      {
        policy,
      },
    );
    const token = service.issuer.tokenFor('vendor', { scope: 'product:update' });
    client = new WebSocket(`ws://127.0.0.1:${service.port}/products`, {
      headers: { authorization: `Bearer ${token}` },
    });
    await once(client, 'open');
  });
  afterAll(async () => {
    client.terminate();
    await service.close();
  });

  const send = async (event: string, data: unknown): Promise<unknown> => {
    const answered = once(client, 'message') as Promise<[Buffer]>;
    client.send(JSON.stringify({ event, data }));
    const [text] = await answered;
    return JSON.parse(text.toString());
  };

  it('takes no connection of a stranger', async () => {
    const stranger = new WebSocket(`ws://127.0.0.1:${service.port}/products`);
    stranger.on('error', () => {});
    const [, response] = (await once(stranger, 'unexpected-response')) as [unknown, { statusCode: number }];
    expect(response.statusCode).toBe(401);
    stranger.terminate();
  });

  it.each([
    { name: 'the product of another', data: { id: 'sofa' }, code: 'SP_POLICY_DENIED' },
    { name: 'what is not there', data: { id: 'none' }, code: 'SP_NOT_FOUND' },
    { name: 'an operator', data: { id: { $gt: '' } }, code: 'SP_REQUEST_INVALID' },
    { name: 'no object', data: 'lamp', code: 'SP_REQUEST_INVALID' },
  ])('refuses $name', async ({ data, code }) => {
    expect(await send('delete', data)).toMatchObject({ event: 'exception', data: { code } });
    expect(seen.handled).toEqual([]);
  });

  it('tells the text for users', async () => {
    expect(await send('delete', { id: 'oven' })).toMatchObject({ data: { message: 'This product is under review.' } });
  });

  it('judges messages that come at once each for itself', async () => {
    const answers: unknown[] = [];
    client.on('message', (text: Buffer) => answers.push(JSON.parse(text.toString())));
    for (const id of ['lamp', 'sofa', 'desk']) client.send(JSON.stringify({ event: 'delete', data: { id } }));
    await expect.poll(() => answers.length).toBe(3);
    client.removeAllListeners('message');
    expect(seen.handled.toSorted()).toEqual(['desk', 'lamp']);
  });

  it('masks the data of an answer', async () => {
    expect(await send('read', {})).toEqual({
      event: 'product',
      data: { id: 'sofa', name: 'Sofa', status: 'published' },
    });
  });
});
