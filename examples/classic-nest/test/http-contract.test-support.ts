import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { administrator } from './running-application.test-support.ts';

const password = 'marble-kettle-north-window';

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

interface Product {
  readonly id: string;
  readonly ownerId: string;
}

/** What callers of the application rely on, seen over HTTP alone. */
export function describeHttpContract(origin: () => string): void {
  const call = async (method: string, path: string, body?: unknown, token?: string): Promise<Answer> => {
    const response = await fetch(origin() + path, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  };
  const newUser = (change: object = {}) => ({ name: 'Ada', email: `${randomUUID()}@example.com`, password, ...change });
  const login = async (email: string, secret: string = password): Promise<string> => {
    const { status, body } = await call('POST', '/auth/login', { email, password: secret });
    expect(status).toBe(200);
    return (body as { access_token: string }).access_token;
  };
  const signedIn = async (role?: string): Promise<{ readonly id: string; readonly email: string; token: string }> => {
    const user = newUser(role === undefined ? {} : { role });
    const { status, body } = await call('POST', '/auth/register', user);
    expect(status).toBe(201);
    return { id: (body as { id: string }).id, email: user.email, token: await login(user.email) };
  };

  describe('POST /auth/register', () => {
    it('makes a user and answers 201 without the password', async () => {
      const user = newUser();
      const { status, body } = await call('POST', '/auth/register', user);
      expect(status).toBe(201);
      expect(body).toEqual({ id: expect.any(String) as unknown, name: 'Ada', email: user.email, role: 'user' });
    });

    it('answers 409 to an address that has a user, in any case', async () => {
      const user = newUser();
      await call('POST', '/auth/register', user);
      const again = await call('POST', '/auth/register', { ...user, email: user.email.toUpperCase() });
      expect(again).toMatchObject({ status: 409, body: { statusCode: 409, message: 'Email already exists' } });
    });

    it('makes one user when the same address comes twice at once', async () => {
      const user = newUser();
      const answers = await Promise.all([1, 2].map(() => call('POST', '/auth/register', user)));
      expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 409]);
    });

    it.each([
      ['no address', { email: undefined }, 'email must be an email'],
      ['an address that is none', { email: 'ada' }, 'email must be an email'],
      ['a short password', { password: 'short' }, 'password must be longer than or equal to 8 characters'],
      ['no name', { name: '' }, 'name should not be empty'],
      ['the role of administrators', { role: 'admin' }, 'role must be one of the following values: user, vendor'],
      ['a field that is not known', { isAdmin: true }, 'property isAdmin should not exist'],
    ])('answers 400 to %s, with the sentence of class-validator', async (_, change, message) => {
      const { status, body } = await call('POST', '/auth/register', newUser(change));
      expect(status).toBe(400);
      expect((body as { message: string[] }).message).toContain(message);
    });
  });

  describe('POST /auth/login', () => {
    it('answers 200 with an access token', async () => {
      const user = newUser();
      await call('POST', '/auth/register', user);
      const { status, body } = await call('POST', '/auth/login', { email: user.email, password });
      expect(status).toBe(200);
      expect(body).toMatchObject({ access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) as unknown });
    });

    it.each([
      ['a wrong password', true, 'another-kettle-north-window'],
      ['an address without a user', false, password],
    ])('answers 401 to %s', async (_, isKnown, secret) => {
      const user = newUser();
      if (isKnown) await call('POST', '/auth/register', user);
      expect((await call('POST', '/auth/login', { email: user.email, password: secret })).status).toBe(401);
    });
  });

  describe('GET /auth/profile', () => {
    it('shows who presents the token', async () => {
      const { id, email, token } = await signedIn('vendor');
      const { status, body } = await call('GET', '/auth/profile', undefined, token);
      expect({ status, body }).toEqual({ status: 200, body: { userId: id, email, role: 'vendor' } });
    });

    it('answers 401 without a token, to rubbish, and to a token that was changed', async () => {
      const { token } = await signedIn();
      const [header = '', payload = '', signature = ''] = token.split('.');
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
      const forged = Buffer.from(JSON.stringify({ ...claims, role: 'admin', roles: ['admin'] })).toString('base64url');
      const unsigned = Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url');
      const presented = [
        undefined,
        'rubbish',
        `${header}.${forged}.${signature}`,
        `${unsigned}.${payload}.`,
        `${header}.${payload}.${signature.slice(0, -6)}AAAAAA`,
      ];
      for (const one of presented) expect((await call('GET', '/auth/profile', undefined, one)).status).toBe(401);
    });
  });

  describe('products', () => {
    let vendor: Awaited<ReturnType<typeof signedIn>>;
    let other: Awaited<ReturnType<typeof signedIn>>;
    let customer: Awaited<ReturnType<typeof signedIn>>;
    let admin: string;
    beforeAll(async () => {
      vendor = await signedIn('vendor');
      other = await signedIn('vendor');
      customer = await signedIn();
      admin = await login(administrator.email, administrator.password);
    });
    const create = async (): Promise<Product> => {
      const { status, body } = await call('POST', '/products', { name: 'Lamp', price: 12.5 }, vendor.token);
      expect(status).toBe(201);
      return body as Product;
    };

    it('are listed and shown to visitors', async () => {
      const product = await create();
      const list = await call('GET', '/products');
      expect(list.status).toBe(200);
      expect((list.body as Product[]).map(({ id }) => id)).toContain(product.id);
      const one = await call('GET', `/products/${product.id}`);
      expect(one).toEqual({ status: 200, body: product });
    });

    it('belong to the vendor who made them', async () => {
      expect(await create()).toEqual({
        id: expect.any(String) as unknown,
        name: 'Lamp',
        description: '',
        price: 12.5,
        ownerId: vendor.id,
      });
    });

    it.each([
      ['POST', '/products'],
      ['PATCH', '/products/ID'],
      ['DELETE', '/products/ID'],
    ])('answer %s %s with 401 to visitors and 403 to users who are no vendors', async (method, path) => {
      const place = path.replace('ID', (await create()).id);
      const body = method === 'DELETE' ? undefined : { name: 'Chair', price: 1 };
      expect((await call(method, place, body)).status).toBe(401);
      expect((await call(method, place, body, customer.token)).status).toBe(403);
    });

    it('answer 403 to another vendor, with the sentence of the service', async () => {
      const { id } = await create();
      for (const [method, body] of [['PATCH', { price: 1 }] as const, ['DELETE', undefined] as const]) {
        const answer = await call(method, `/products/${id}`, body, other.token);
        expect(answer).toMatchObject({ status: 403, body: { message: 'You do not own this product' } });
      }
      expect((await call('GET', `/products/${id}`)).status).toBe(200);
    });

    it('are changed and removed by their owner', async () => {
      const product = await create();
      const changed = await call('PATCH', `/products/${product.id}`, { price: 9 }, vendor.token);
      expect(changed).toEqual({ status: 200, body: { ...product, price: 9 } });
      expect((await call('DELETE', `/products/${product.id}`, undefined, vendor.token)).status).toBe(204);
      expect((await call('GET', `/products/${product.id}`)).status).toBe(404);
    });

    it('are removed by an administrator, who owns none', async () => {
      const { id } = await create();
      expect((await call('DELETE', `/products/${id}`, undefined, admin)).status).toBe(204);
    });

    it.each([
      ['no price', { name: 'Lamp' }],
      ['a negative price', { name: 'Lamp', price: -1 }],
      ['a price that is text', { name: 'Lamp', price: '12' }],
      ['an owner', { name: 'Lamp', price: 1, ownerId: 'someone' }],
      ['an operator of the database', { name: { $ne: null }, price: 1 }],
    ])('answer 400 to %s', async (_, body) => {
      expect((await call('POST', '/products', body, vendor.token)).status).toBe(400);
    });

    it('answer 400 to an id that is none, and 404 to one that is not there', async () => {
      expect((await call('GET', '/products/none')).status).toBe(400);
      expect((await call('GET', '/products/ffffffffffffffffffffffff')).status).toBe(404);
    });
  });

  describe('users', () => {
    it('are listed to administrators alone', async () => {
      const vendor = await signedIn('vendor');
      const admin = await login(administrator.email, administrator.password);
      expect((await call('GET', '/users')).status).toBe(401);
      expect((await call('GET', '/users', undefined, vendor.token)).status).toBe(403);
      const { status, body } = await call('GET', '/users', undefined, admin);
      expect(status).toBe(200);
      expect(body).toContainEqual({ id: vendor.id, name: 'Ada', email: vendor.email, role: 'vendor' });
      expect(JSON.stringify(body)).not.toMatch(/password|\$2[aby]\$/);
    });

    it('get another role from an administrator, which their next token has', async () => {
      const user = await signedIn();
      const admin = await login(administrator.email, administrator.password);
      const place = `/users/${user.id}/role`;
      expect((await call('PATCH', place, { role: 'vendor' }, user.token)).status).toBe(403);
      expect((await call('PATCH', place, { role: 'king' }, admin)).status).toBe(400);
      expect((await call('PATCH', '/users/ffffffffffffffffffffffff/role', { role: 'vendor' }, admin)).status).toBe(404);
      expect(await call('PATCH', place, { role: 'vendor' }, admin)).toMatchObject({
        status: 200,
        body: { role: 'vendor' },
      });
      const token = await login(user.email);
      expect((await call('POST', '/products', { name: 'Lamp', price: 1 }, token)).status).toBe(201);
    });
  });

  describe('GET /docs-json', () => {
    it('describes the handlers, and which of them take a bearer token', async () => {
      const { status, body } = await call('GET', '/docs-json');
      expect(status).toBe(200);
      const document = body as {
        components: { securitySchemes: object };
        paths: Record<string, Record<string, { security?: unknown[] }>>;
      };
      expect(document.components.securitySchemes).toHaveProperty('bearer');
      expect(document.paths['/products']?.['post']?.security).toEqual([{ bearer: [] }]);
      expect(document.paths['/products']?.['get']).not.toHaveProperty('security');
    });
  });
}
