import type { INestApplication } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ask, issuer, lines, post, startGraphqlService, type GraphqlError } from './graphql-service.test-support.ts';
import { handled, ProductsResolver } from './products-resolver.test-support.ts';

describe.each(['Apollo', 'Apollo on Fastify', 'Mercurius'] as const)('GraphQL over HTTP with %s', (driver) => {
  let app: INestApplication;
  beforeAll(async () => {
    app = await startGraphqlService(driver, { resolvers: [ProductsResolver] });
  });
  afterAll(() => app.close());
  beforeEach(() => {
    handled.length = 0;
    lines.length = 0;
  });

  const refusalOf = (errors: readonly GraphqlError[] = []) =>
    errors.map(({ path, extensions }) => [path?.join('.'), extensions?.code, extensions?.problem?.['code']]);

  it('answers public queries without a token, and says that the caller is anonymous', async () => {
    const { data, errors } = await ask(app, '{ products { id name stock } whoami }');
    expect(errors).toBeUndefined();
    expect(data).toEqual({ products: [{ id: '1', name: 'Table', stock: 7 }], whoami: 'anonymous' });
  });

  it('tells resolvers and fields who calls', async () => {
    const { data } = await ask(app, '{ me whoami product(id: "9") { margin } }', issuer.tokenFor('vendor'));
    expect(data).toEqual({ me: 'vendor-1', whoami: 'vendor-1', product: { margin: 40 } });
    expect(handled).toContain('margin of 9 for vendor-1');
  });

  it('runs a mutation of a caller that holds the permission', async () => {
    const { data } = await ask(app, 'mutation { createProduct(name: "Chair") { name } }', issuer.tokenFor('vendor'));
    expect(data).toEqual({ createProduct: { name: 'Chair' } });
  });

  it.each([
    { name: 'no token', token: () => undefined, code: 'SP_UNAUTHENTICATED' },
    { name: 'what is no token', token: () => 'x', code: 'SP_TOKEN_INVALID' },
    { name: 'a token for another service', token: () => issuer.sign({ aud: 'billing' }), code: 'SP_TOKEN_INVALID' },
    { name: 'a token of another issuer', token: () => issuer.sign({ iss: 'https://x' }), code: 'SP_TOKEN_INVALID' },
    { name: 'an ID token', token: () => issuer.sign({}, { typ: 'JWT' }), code: 'SP_TOKEN_INVALID' },
    { name: 'a token that is over', token: () => issuer.sign({ iat: 1, exp: 61 }), code: 'SP_TOKEN_EXPIRED' },
  ])('refuses $name as UNAUTHENTICATED, and calls no resolver', async ({ token, code }) => {
    const { data, errors } = await ask(app, '{ me }', token());
    expect(data).toEqual({ me: null });
    expect(refusalOf(errors)).toEqual([['me', 'UNAUTHENTICATED', code]]);
    expect(errors?.[0]?.extensions?.problem).toMatchObject({ status: 401, title: expect.any(String) as string });
    expect(handled).toEqual([]);
    expect(lines).toMatchObject([{ event: 'request-refused', code, status: 401 }]);
  });

  it('refuses a missing permission as FORBIDDEN, and logs what was needed and held', async () => {
    const { errors } = await ask(app, 'mutation { createProduct(name: "x") { id } }', issuer.tokenFor('admin'));
    expect(refusalOf(errors)).toEqual([['createProduct', 'FORBIDDEN', 'SP_FORBIDDEN']]);
    expect(handled).toEqual([]);
    expect(lines).toMatchObject([
      { subject: 'admin-1', requiredPermissions: 'product:create', heldPermissions: 'product:read' },
    ]);
    expect(JSON.stringify(errors)).not.toMatch(/product:|admin-1|permission-missing/);
    expect(lines[0]?.['requestId']).toBe(errors?.[0]?.extensions?.problem?.['requestId']);
  });

  it('asks for a stronger sign-in by saying which', async () => {
    const { errors } = await ask(app, 'mutation { dropProducts }', issuer.tokenFor('vendor'));
    expect(refusalOf(errors)).toEqual([['dropProducts', 'UNAUTHENTICATED', 'SP_STEP_UP_REQUIRED']]);
    expect(errors?.[0]?.extensions?.problem).toMatchObject({ stepUp: { acr: 'mfa' } });
    expect(handled).toEqual([]);
  });

  it('refuses one field and answers the others beside it', async () => {
    const { data, errors } = await ask(app, '{ products { id margin stock } whoami }', issuer.tokenFor('admin'));
    expect(data).toEqual({ products: [{ id: '1', margin: null, stock: 7 }], whoami: 'admin-1' });
    expect(refusalOf(errors)).toEqual([['products.0.margin', 'FORBIDDEN', 'SP_FORBIDDEN']]);
    expect(handled).toEqual(['products']);
    expect(lines).toMatchObject([{ code: 'SP_FORBIDDEN', requiredRoles: 'vendor', heldRoles: 'admin' }]);
  });

  it('refuses each operation of a batch for itself', async () => {
    const answer = await post(app, [
      { query: '{ whoami }' },
      { query: '{ me }' },
      { query: '{ products { margin } }' },
    ]);
    const [open, me, margin] = (await answer.json()) as { data?: object; errors?: GraphqlError[] }[];
    expect(open).toMatchObject({ data: { whoami: 'anonymous' } });
    expect(refusalOf(me?.errors)).toEqual([['me', 'UNAUTHENTICATED', 'SP_UNAUTHENTICATED']]);
    expect(refusalOf(margin?.errors)).toEqual([['products.0.margin', 'UNAUTHENTICATED', 'SP_UNAUTHENTICATED']]);
    expect(handled).toEqual(['products']);
  });

  it('keeps callers apart that ask at the same time', async () => {
    const subjects = Array.from({ length: 20 }, (_, index) => `vendor-${index}`);
    const answers = await Promise.all(
      subjects.map((sub) => ask(app, '{ me products { margin } }', issuer.tokenFor('vendor', { sub }))),
    );
    expect(answers.map(({ data }) => data?.['me'])).toEqual(subjects);
    expect(handled.filter((line) => line.startsWith('margin')).sort()).toEqual(
      subjects.map((sub) => `margin of 1 for ${sub}`).sort(),
    );
  });

  it('takes no token that stands anywhere but in the Authorization header', async () => {
    const token = issuer.tokenFor('vendor');
    const body = { query: '{ me }', variables: { authorization: `Bearer ${token}` }, extensions: { token } };
    const { errors } = (await (await post(app, body)).json()) as { errors?: GraphqlError[] };
    expect(refusalOf(errors)).toEqual([['me', 'UNAUTHENTICATED', 'SP_UNAUTHENTICATED']]);
  });

  it('hides what was not foreseen, and logs it', async () => {
    const { errors } = await ask(app, '{ fails(how: "plain") }');
    expect(JSON.stringify(errors)).not.toContain('canary');
    expect(refusalOf(errors)).toEqual([['fails', 'INTERNAL_SERVER_ERROR', 'SP_INTERNAL']]);
    expect(lines).toMatchObject([{ event: 'request-failed', stack: expect.stringContaining('canary') as string }]);
  });

  it('leaves errors of the application as they are, and gives those of ours their code', async () => {
    const sold = await ask(app, '{ fails(how: "graphql") }');
    expect(sold.errors).toMatchObject([{ message: 'Sold out', extensions: { code: 'SOLD_OUT' } }]);
    const paid = await ask(app, '{ fails(how: "conflict") }');
    expect(paid.errors).toMatchObject([{ message: 'Paid before' }]);
    const denied = await ask(app, '{ fails(how: "forbidden") }');
    expect(refusalOf(denied.errors)).toEqual([['fails', 'FORBIDDEN', 'SP_FORBIDDEN']]);
    expect(JSON.stringify(denied.errors)).not.toContain('not-the-owner');
  });

  it('describes its schema to anyone unless it is told not to', async () => {
    const { data } = await ask(app, '{ __schema { queryType { name } } }');
    expect(data).toEqual({ __schema: { queryType: { name: 'Query' } } });
  });
});

describe.each(['Apollo', 'Apollo on Fastify', 'Mercurius'] as const)(
  'a context that an application shares among requests of %s',
  (driver) => {
    it('gives no caller the identity of another', async () => {
      const shared = {};
      const app = await startGraphqlService(driver, {
        resolvers: [ProductsResolver],
        graphql: (good) => ({ ...good, context: () => shared }),
      });
      const meOf = async (sub: string) => (await ask(app, '{ me whoami }', issuer.tokenFor('vendor', { sub }))).data;
      expect(await meOf('vendor-1')).toEqual({ me: 'vendor-1', whoami: 'vendor-1' });
      // Apollo makes a copy for each request; Mercurius keeps the first request in it, and the guard refuses the others.
      const second =
        driver !== 'Mercurius' ? { me: 'vendor-2', whoami: 'vendor-2' } : { me: null, whoami: 'anonymous' };
      expect(await meOf('vendor-2')).toEqual(second);
      await app.close();
    });
  },
);
