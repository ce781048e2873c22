import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createGraphqlService, issuer, portOf } from '../graphql/graphql-service.test-support.ts';
import { products, ProductsResolver } from '../graphql/products-resolver.test-support.ts';
import { openSubscriptions } from '../graphql/subscription-client.test-support.ts';
import { SallyportWsAdapter } from './sallyport-ws-adapter.ts';
import { defineGateways, patience } from './socket-service.test-support.ts';

describe('a gateway of ws and subscriptions of GraphQL on one port', () => {
  let app: INestApplication;
  beforeAll(async () => {
    const gateways = defineGateways((name) => ({ path: `/${name}` }));
    app = await createGraphqlService('Apollo', { resolvers: [ProductsResolver, ...gateways] });
    app.useWebSocketAdapter(new SallyportWsAdapter(app));
    await app.listen(0, '127.0.0.1');
  });
  afterAll(() => app.close());

  it('are both served, each with its own refusals', async () => {
    const token = issuer.tokenFor('vendor');
    const subscriber = openSubscriptions(app, { token });
    const answers = subscriber.send('subscription { productAdded { id } }');
    await expect.poll(() => subscriber.isAcknowledged, patience).toBe(true);
    await expect
      .poll(() => {
        products.emit('added', { id: '7', name: 'Chair' });
        return answers.length;
      }, patience)
      .toBeGreaterThan(0);

    const client = new WebSocket(`ws://127.0.0.1:${portOf(app)}/live`, {
      headers: { authorization: `Bearer ${token}` },
    });
    await once(client, 'open');
    client.send('{"event":"me"}');
    const [data] = (await once(client, 'message')) as [Buffer];
    expect(JSON.parse(data.toString())).toMatchObject({ event: 'me', data: { id: 'vendor-1' } });

    const stranger = new WebSocket(`ws://127.0.0.1:${portOf(app)}/live`);
    stranger.on('error', () => {});
    const [, response] = (await once(stranger, 'unexpected-response')) as [unknown, IncomingMessage];
    expect(response.statusCode).toBe(401);
    response.destroy();
    client.terminate();
    await subscriber.close();
  });
});
