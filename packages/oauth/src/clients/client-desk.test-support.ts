import type { Caller } from '@sallyport/core';
import type { Answer, Harness } from '@sallyport/identity/test-support/harness';
import { afterEach, beforeEach, expect } from 'vitest';
import { makeService, partner, startOAuthHarness } from '../oauth.test-support.ts';
import type { ClientAnswer } from './client-routes.ts';

export const secretForm = /^sp_cs_[0-9a-f]{48}[0-9A-Za-z]{6}$/;
export const app = {
  name: 'Phone app',
  authentication: 'none',
  grantTypes: ['authorization_code'],
  redirectUris: ['com.example.app:/callback'],
};
export const job = {
  name: 'Job',
  authentication: 'client_secret_post',
  grantTypes: ['client_credentials'],
  scopes: ['product:read'],
};
export const key = {
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
};
export const signer = {
  name: 'Signer',
  authentication: 'private_key_jwt',
  grantTypes: ['client_credentials'],
  jwks: { keys: [key] },
};

/** Who registers clients, and what they do. */
export interface ClientDesk {
  readonly harness: Harness;
  readonly registrar: Caller;
  readonly call: (method: string, path: string, body?: unknown, caller?: Caller) => Promise<Answer>;
  readonly register: (change?: object, caller?: Caller) => Promise<Answer>;
  /** The events about a client, by their types. */
  readonly eventsOf: (id: string) => Promise<readonly unknown[]>;
}

/** Opens a desk before each test of a file, and closes it afterwards. */
export function useClientDesk(): ClientDesk {
  let harness: Harness;
  let registrar: Caller;
  beforeEach(async () => {
    harness = await startOAuthHarness();
    ({ caller: registrar } = await makeService(harness, 'desk', ['registrar']));
  });
  afterEach(() => harness.close());

  const call: ClientDesk['call'] = (method, path, body, caller = registrar) =>
    harness.call(method, `/manage/oauth-clients${path}`, body, { caller });
  return {
    get harness() {
      return harness;
    },
    get registrar() {
      return registrar;
    },
    call,
    async register(change = {}, caller) {
      const answer = await call('POST', '', { ...partner, ...change }, caller);
      expect([answer.status, answer.status === 201 ? '' : answer.text]).toEqual([201, '']);
      return answer;
    },
    eventsOf: async (id) => (await harness.events()).filter(({ target }) => target === id).map(({ type }) => type),
  };
}

export function clientOf({ body }: Answer): ClientAnswer['client'] {
  return (body as ClientAnswer).client;
}

export function secretOf({ body }: Answer): string {
  return (body as ClientAnswer).secret ?? '';
}

export function codeOf({ body }: Answer): unknown {
  return (body as { readonly code?: unknown } | undefined)?.code;
}

/** The fields that are named as wrong. */
export function fieldsOf({ body }: Answer): readonly string[] {
  const { errors = [] } = body as { readonly errors?: readonly { readonly field: string }[] };
  return errors.map(({ field }) => field);
}
