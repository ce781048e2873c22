import type { AskOperation } from '@sallyport/core';
import * as z from 'zod';
import type { ApiKey, OwnerRef } from './api-key-table.ts';
import type { MadeApiKey } from './api-keys.ts';
import type { ServiceAccount } from './service-accounts.ts';

/** API keys and service accounts as an operator changes them, wherever that is done. */
export interface OperatorApiKeys {
  create(request: OperatorKeyRequest): Promise<MadeApiKey>;
  list(owner: OwnerRef): Promise<readonly ApiKey[]>;
  rotate(keyId: string, overlapSeconds: number | undefined): Promise<MadeApiKey>;
  /** Resolves to `false` when it is unknown or revoked before. */
  revoke(keyId: string): Promise<boolean>;
  revokeAll(owner: OwnerRef): Promise<number>;
  createService(name: string, roles: readonly string[], certificate?: string): Promise<ServiceAccount>;
  findService(name: string): Promise<ServiceAccount | null>;
  listServices(): Promise<readonly ServiceAccount[]>;
  setServiceRoles(id: string, roles: readonly string[]): Promise<ServiceAccount>;
  /** `null` for none. */
  setServiceCertificate(id: string, certificate: string | null): Promise<ServiceAccount>;
  setServiceDisabled(id: string, isDisabled: boolean): Promise<ServiceAccount>;
}

/** A key to make for an owner. */
export interface OperatorKeyRequest {
  readonly owner: OwnerRef;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly days?: number | undefined;
}

const time = z.coerce.date();
/** `null` stays `null`: as a number it would be a time, too. */
const optionalTime = z.union([z.null(), time]);
const keySchema = z.object({
  keyId: z.string(),
  owner: z.object({ kind: z.enum(['user', 'service']), id: z.string() }),
  name: z.string(),
  scopes: z.array(z.string()),
  acr: z.enum(['pwd', 'mfa', 'phr']),
  hint: z.string(),
  generation: z.number(),
  days: z.number(),
  createdAt: time,
  expiresAt: time,
  lastUsedAt: optionalTime,
  revokedAt: optionalTime,
  previous: z.object({ until: time, lastUsedAt: optionalTime }).nullable(),
});
const madeSchema = z.object({ key: keySchema, secret: z.string() });
const serviceSchema = z.object({
  id: z.string(),
  name: z.string(),
  roles: z.array(z.string()),
  generation: z.number(),
  isDisabled: z.boolean(),
  certificate: z.string().nullable(),
  createdAt: time,
});

/** Builds the keys of operators on their operations. What comes back from another process is checked. */
export function createOperatorApiKeys(ask: AskOperation): OperatorApiKeys {
  return {
    create: async (request) => madeSchema.parse(await ask('api-keys/create', request)),
    list: async (owner) => z.array(keySchema).parse(await ask('api-keys/list', { owner })),
    rotate: async (keyId, overlapSeconds) => madeSchema.parse(await ask('api-keys/rotate', { keyId, overlapSeconds })),
    revoke: async (keyId) => z.boolean().parse(await ask('api-keys/revoke', { keyId })),
    revokeAll: async (owner) => z.number().parse(await ask('api-keys/revoke-all', { owner })),
    createService: async (name, roles, certificate) =>
      serviceSchema.parse(await ask('service-accounts/create', { name, roles, certificate })),
    findService: async (name) => serviceSchema.nullable().parse(await ask('service-accounts/find', { name })),
    listServices: async () => z.array(serviceSchema).parse(await ask('service-accounts/list', {})),
    setServiceRoles: async (id, roles) => serviceSchema.parse(await ask('service-accounts/set-roles', { id, roles })),
    setServiceCertificate: async (id, certificate) =>
      serviceSchema.parse(await ask('service-accounts/set-certificate', { id, certificate })),
    setServiceDisabled: async (id, isDisabled) =>
      serviceSchema.parse(await ask('service-accounts/set-disabled', { id, isDisabled })),
  };
}
