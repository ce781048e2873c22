import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { createShop, createSqliteProductStore, type ProductStore } from '@sallyport/example-shop';
import { shopPolicy } from '@sallyport/example-shop-kit/policy';
import { createTestPreset, startTestGateway, type TestGateway } from '@sallyport/server/test-support';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createOrders } from './create-orders.ts';
import type { OrdersStore } from './orders-store.ts';
import { createPaymentProvider } from './payments/payment-provider.ts';
import { createSqliteOrdersStore } from './sqlite-orders-store.ts';

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** A real gateway with the services of products and of orders behind it, and people who are signed in. */
export interface ShopSystem {
  readonly gateway: TestGateway;
  readonly store: OrdersStore;
  readonly products: ProductStore;
  /** Calls as one of the people, or as a stranger. */
  as(person: Person | undefined, method: string, path: string, body?: object): Promise<Answer>;
  idOf(person: Person): string;
  /** Puts a product on sale; resolves to its id. */
  sell(vendor: Person, fields?: object): Promise<string>;
  /** Orders these products; resolves to the id of the order. */
  order(buyer: Person, lines: Readonly<Record<string, number>>): Promise<string>;
  stockOf(productId: string): Promise<number>;
  /** Delivers what the payment provider signs. */
  deliver(event: object, change?: DeliveryChange): Promise<Answer>;
  close(): Promise<void>;
}

export interface DeliveryChange {
  readonly id?: string;
  readonly secret?: string;
}

const people = { una: 'user', ursula: 'user', vic: 'vendor', vera: 'vendor', ada: 'admin' } as const;
export type Person = keyof typeof people;
const names = Object.keys(people) as readonly Person[];

const password = 'violet-kettle-marches-north';
const emailOf = (person: Person): string => `${person}@example.test`;

export async function startShopSystem(): Promise<ShopSystem> {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const store = createSqliteOrdersStore(undefined);
  const products = createSqliteProductStore(undefined);
  const apps: NestExpressApplication[] = [];
  const ports = { shop: await reservePort(), orders: await reservePort() };
  const service = (name: 'shop' | 'orders') =>
    ({
      name,
      prefix: `/api/${name}`,
      upstream: `http://127.0.0.1:${ports[name]}`,
      stripPrefix: true,
      audience: name,
      access: 'signed-in',
    }) as const;
  const gateway = await startTestGateway({
    config: {
      policy: shopPolicy,
      routes: [
        { ...service('shop'), permissions: ['product:*'], callers: ['orders'] },
        { ...service('orders'), permissions: ['order:*', 'payout:*', 'product:*'] },
        {
          name: 'payments',
          prefix: '/webhooks/payments',
          upstream: `http://127.0.0.1:${ports.orders}`,
          audience: 'orders',
          access: 'service',
          webhook: { secret: 'payments' },
        },
        {
          name: 'other-sender',
          prefix: '/other-sender',
          upstream: `http://127.0.0.1:${ports.orders}`,
          stripPrefix: true,
          audience: 'orders',
          access: 'service',
          webhook: { secret: 'other' },
        },
      ],
    },
    environment: { SALLYPORT_WEBHOOK_SECRETS: `payments=${secret} other=whsec_${otherKey}` },
    gateway: { preset: presetWithPeople() },
  });
  const access = (audience: string) => ({
    issuer: `${gateway.origin}/internal`,
    audience,
    keysUrl: `http://127.0.0.1:${gateway.gateway.internalPort}/internal/.well-known/jwks.json`,
    logger: { info: () => {}, warn: () => {}, error: () => {} },
  });
  apps.push(
    await createShop({
      access: access('shop'),
      store: products,
      publicPath: '/api/shop',
      logger: false,
    }),
    await createOrders({
      access: access('orders'),
      store,
      productsPath: '/api/shop',
      payments: createPaymentProvider({
        url: 'https://pay.example/pay',
        key: 'k'.repeat(32),
        publicUrl: gateway.origin,
      }),
      publicPath: '/api/orders',
      logger: false,
    }),
  );
  await Promise.all([apps[0]?.listen(ports.shop, '127.0.0.1'), apps[1]?.listen(ports.orders, '127.0.0.1')]);

  const cookies = new Map<Person, string>();
  const ids = new Map<Person, string>();
  for (const person of names) {
    cookies.set(person, await signIn(gateway, person));
    const session = await gateway.get('/auth/session', { cookie: cookies.get(person) ?? '' });
    ids.set(person, ((await session.json()) as { readonly user: { readonly id: string } }).user.id);
  }

  const as: ShopSystem['as'] = async (person, method, path, body) => {
    const answer = await fetch(gateway.origin + path, {
      method,
      headers: {
        origin: gateway.origin,
        ...(person === undefined ? {} : { cookie: cookies.get(person) ?? '' }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return toAnswer(answer);
  };
  const successOf = async (answer: Promise<Answer>): Promise<Record<string, unknown>> => {
    const { status, body } = await answer;
    if (status >= 300) throw new Error(`answered with ${status}: ${JSON.stringify(body)}`);
    return body;
  };

  return {
    gateway,
    store,
    products,
    as,
    idOf: (person) => ids.get(person) ?? '',
    async sell(vendor, fields = {}) {
      const body = { name: `Sold by ${vendor}`, priceCents: 250, stock: 10, ...fields };
      return String((await successOf(as(vendor, 'POST', '/api/shop/products', body)))['id']);
    },
    async order(buyer, lines) {
      for (const [productId, quantity] of Object.entries(lines)) {
        await successOf(as(buyer, 'PUT', `/api/orders/cart/items/${productId}`, { quantity }));
      }
      const { id: cartId } = await successOf(as(buyer, 'GET', '/api/orders/cart'));
      return String((await successOf(as(buyer, 'POST', '/api/orders/orders', { cartId })))['id']);
    },
    async stockOf(productId) {
      return Number((await successOf(as('ada', 'GET', `/api/shop/products/${productId}`)))['stock']);
    },
    async deliver(event, { id = `msg_${randomUUID()}`, secret: key = secret } = {}) {
      return deliverTo(`${gateway.origin}/webhooks/payments`, event, id, key);
    },
    async close() {
      for (const app of apps) {
        app.getHttpServer().closeAllConnections();
        await app.close();
      }
      await gateway.close();
    },
  };
}

const otherKey = randomBytes(32).toString('base64');

/** What another sender of this deployment tells, signed with its own secret. */
export async function deliverAsOtherSender({ gateway }: ShopSystem, event: object): Promise<Answer> {
  return deliverTo(
    `${gateway.origin}/other-sender/webhooks/payments`,
    event,
    `msg_${randomUUID()}`,
    `whsec_${otherKey}`,
  );
}

async function deliverTo(url: string, event: object, id: string, secret: string): Promise<Answer> {
  const body = JSON.stringify(event);
  const timestamp = String(Math.floor(Date.now() / 1000));
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${signature}`,
    },
    body,
  });
  return toAnswer(answer);
}

async function toAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
}

function presetWithPeople(): ReturnType<typeof createTestPreset> {
  return {
    ...createTestPreset(),
    async prepareAccounts(_config, { accounts }) {
      for (const person of names) {
        const account = {
          name: person,
          email: emailOf(person),
          password,
          roles: [people[person]],
          emailVerified: true,
        };
        await accounts.createUser(account);
      }
    },
  };
}

async function signIn({ origin }: TestGateway, person: Person): Promise<string> {
  const answer = await fetch(`${origin}/auth/sign-in/email`, {
    method: 'POST',
    headers: { origin, 'content-type': 'application/json' },
    body: JSON.stringify({ email: emailOf(person), password }),
  });
  if (answer.status !== 200) throw new Error(`signing in was answered with ${answer.status}`);
  return answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

async function reservePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on a port has an address of this shape.
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
