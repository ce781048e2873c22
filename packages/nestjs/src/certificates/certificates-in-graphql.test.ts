import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Principal } from '@sallyport/core';
import { createTestAuthority, type TestAuthority, type TestCertificate } from '@sallyport/testing/certificates';
import type { INestApplication } from '@nestjs/common';
import { Query, Resolver } from '@nestjs/graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authenticated, MutualTls, ServiceOnly } from '../access/declare-access.ts';
import { issuer, startGraphqlService } from '../graphql/graphql-service.test-support.ts';
import { CurrentPrincipal } from '../request-caller.ts';

@Resolver()
class OrdersResolver {
  @Query(() => String)
  @MutualTls('alone')
  @ServiceOnly()
  alone(@CurrentPrincipal() { id }: Principal): string {
    return id;
  }

  @Query(() => String)
  @MutualTls('with-token')
  @Authenticated()
  both(@CurrentPrincipal() { id }: Principal): string {
    return id;
  }

  @Query(() => String)
  @Authenticated()
  token(@CurrentPrincipal() { id }: Principal): string {
    return id;
  }
}

const folder = mkdtempSync(join(tmpdir(), 'sallyport-nest-graphql-'));
let authority: TestAuthority;
let billing: TestCertificate;
let app: INestApplication;

beforeAll(async () => {
  authority = await createTestAuthority();
  billing = await authority.issue({ spiffeId: 'spiffe://acme/billing' });
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, authority.ca);
  const callers = { 'spiffe://acme/billing': { id: 'billing' } };
  app = await startGraphqlService('Apollo', {
    resolvers: [OrdersResolver],
    access: { keys: issuer.jwks(), certificates: { caFile, callers, behindProxy: ['127.0.0.1', '::1'] } },
  });
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

interface GraphqlAnswer {
  readonly data?: object | null;
  readonly errors?: readonly { readonly extensions: { readonly problem: { readonly code: string } } }[];
}

const codesOf = (errors: GraphqlAnswer['errors'] = []): readonly string[] =>
  errors.map(({ extensions }) => extensions.problem.code);

async function query(text: string, token?: string): Promise<GraphqlAnswer> {
  // A server that listens on a port has an address of this shape.
  const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
  const answer = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'client-cert': `:${billing.cert.replaceAll(/-----[^-]+-----|\s/g, '')}:`,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query: text }),
  });
  return (await answer.json()) as GraphqlAnswer;
}

describe('a query of GraphQL with a client certificate', () => {
  it('is answered for the caller that the certificate names, or that its token names', async () => {
    expect(await query('{ alone }')).toEqual({ data: { alone: 'billing' } });
    const bound = issuer.issueToken({ id: 'ada', certificate: billing.cert });
    expect(await query('{ both token }', bound)).toEqual({ data: { both: 'ada', token: 'ada' } });
  });

  it.each(['{ alone token }', '{ token alone }', '{ alone both }', '{ both alone }'])(
    'has resolvers that go by the certificate and such that need a token, and neither opens the other: %s',
    async (text) => {
      for (const token of [undefined, issuer.issueToken({ id: 'ada', certificate: billing.cert })]) {
        const { data, errors } = await query(text, token);
        expect(data ?? null).toBeNull();
        expect(codesOf(errors)).toContain(token === undefined ? 'SP_UNAUTHENTICATED' : 'SP_CREDENTIALS_CONFLICT');
      }
    },
  );

  it('is not answered with an unbound token where both are asked for, also after a resolver that takes it', async () => {
    const token = issuer.issueToken({ id: 'ada' });
    expect(await query('{ token }', token)).toEqual({ data: { token: 'ada' } });
    for (const text of ['{ token both }', '{ both token }']) {
      const { errors } = await query(text, token);
      expect(codesOf(errors)).toEqual(['SP_TOKEN_INVALID']);
    }
  });
});
