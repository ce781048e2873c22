import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { closeGracefully } from '@sallyport/example-shop-kit';
import { createTestIssuer } from '@sallyport/testing';
import { expect, it } from 'vitest';
import { createShop } from './create-shop.ts';
import { createSqliteProductStore } from './products/sqlite-product-store.ts';

const issuer = createTestIssuer();

async function open(port: number, text: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.resume();
  socket.write(text);
  return socket;
}

it('a closing service stops although browsers hold connections open and a client never finishes its request', async () => {
  const store = createSqliteProductStore(undefined);
  const app = await createShop({
    access: { issuer: issuer.issuer, audience: issuer.audience, keys: issuer.jwks() },
    store,
    publicPath: '/api/shop',
    logger: false,
  });
  await app.listen(0, '127.0.0.1');
  // A server that listens on a port has an address of this shape.
  const { port } = app.getHttpServer().address() as AddressInfo;
  const idle = await open(port, 'GET /healthz HTTP/1.1\r\nHost: shop\r\nConnection: keep-alive\r\n\r\n');
  await once(idle, 'data');
  const stuck = await open(
    port,
    'POST /products HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
  );
  const ends = Promise.all([once(idle, 'close'), once(stuck, 'close')]);

  await closeGracefully(app);
  await ends;
  await expect(open(port, '')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await expect(store.find('x')).rejects.toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
});
