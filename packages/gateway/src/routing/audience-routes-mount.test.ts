import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { request, type RawAnswer } from '../test-support/raw-client.ts';
import { startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({
    moreRoutes: [
      { name: 'orders', prefix: '/api/orders', audience: 'orders' },
      { name: 'orders-old', prefix: '/v1/orders', audience: 'orders', stripPrefix: true },
    ],
  });
});
afterAll(() => gateway.close());

const ask = (target: string, method = 'GET', port = gateway.internalPort): Promise<RawAnswer> =>
  request(port, method, target, { Host: `127.0.0.1:${port}`, Accept: 'application/json' });

describe('GET /internal/routes/<audience>', () => {
  it('names the prefixes of the routes to one audience, and nothing else of them', async () => {
    const { status, body } = await ask('/internal/routes/orders');
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({
      routes: [
        { prefix: '/api/orders', stripPrefix: false },
        { prefix: '/v1/orders', stripPrefix: true },
      ],
    });
  });

  it('has no routes for an audience that no route names', async () => {
    expect(JSON.parse((await ask('/internal/routes/unheard-of')).body)).toEqual({ routes: [] });
  });

  it.each([
    ['without an audience', '/internal/routes', 'GET', 404],
    ['for what is no audience', '/internal/routes/Orders', 'GET', 404],
    ['with a query', '/internal/routes/orders?all', 'GET', 404],
    ['below an audience', '/internal/routes/orders/x', 'GET', 404],
    ['by POST', '/internal/routes/orders', 'POST', 405],
  ])('is refused %s', async (_, target, method, status) => {
    expect((await ask(target, method)).status).toBe(status);
  });

  it('is not there on the public listener', async () => {
    expect((await gateway.send('GET', '/internal/routes/orders')).body).not.toContain('stripPrefix');
  });
});
