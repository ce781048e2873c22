import type { AddressInfo } from 'node:net';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { Caller, LogFields, Logger } from '@sallyport/core';
import { definePolicy, type AccessFilter } from '@sallyport/policy';
import { createTestIssuer } from '@sallyport/testing';
import { Injectable, type DynamicModule, type INestApplication, type Provider, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { AuditEntry } from '../audit/audit-port.ts';
import { SallyportModule } from '../sallyport-module.ts';
import type { SallyportOptions } from '../sallyport-options.ts';

export const issuer = createTestIssuer({
  issuer: 'https://app.test/internal',
  audience: 'billing',
  roles: { user: [], vendor: ['product:update'], admin: ['product:any'] },
});

export const policy = definePolicy({
  permissions: { 'product:update': 'Change own products', 'product:any': 'Do anything with products' },
  roles: { user: [], vendor: ['product:update'], admin: ['product:any'] },
  records: {
    Product: {
      fields: {
        id: 'string',
        vendorId: 'string',
        name: 'string',
        status: 'string',
        costCents: 'number',
      },
      actions: ['publish'],
    },
    Report: { fields: { id: 'string' } },
  },
  rules: [
    {
      allow: 'read',
      on: 'Product',
      to: 'everyone',
      when: { status: { eq: 'published' } },
      fields: ['id', 'name', 'status'],
    },
    {
      allow: ['create', 'read', 'update', 'delete'],
      on: 'Product',
      to: 'product:update',
      when: { vendorId: { eq: { subject: 'id' } } },
    },
    { allow: '*', on: 'Product', to: 'product:any' },
    {
      deny: 'update',
      on: 'Product',
      fields: ['vendorId'],
      reason: 'owner-is-fixed',
      texts: { user: 'A product stays with its vendor.', administrator: 'canary-administrator: ask the operators.' },
    },
    {
      deny: ['update', 'delete'],
      on: 'Product',
      when: { status: { eq: 'frozen' } },
      reason: 'product-is-frozen',
      texts: { user: 'This product is under review.', administrator: 'canary-administrator: unfreeze it first.' },
    },
    { allow: 'read', on: 'Report', to: 'signed-in' },
  ],
});

export interface Product {
  readonly id: string;
  readonly vendorId: string;
  readonly name: string;
  readonly status: string;
  readonly costCents: number;
}

export const table: readonly Product[] = [
  { id: 'lamp', vendorId: 'vendor-1', name: 'Lamp', status: 'published', costCents: 900 },
  { id: 'desk', vendorId: 'vendor-1', name: 'Desk', status: 'draft', costCents: 9000 },
  { id: 'oven', vendorId: 'vendor-1', name: 'Oven', status: 'frozen', costCents: 30_000 },
  { id: 'sofa', vendorId: 'vendor-2', name: 'Sofa', status: 'published', costCents: 20_000 },
  { id: 'safe', vendorId: 'vendor-2', name: 'Safe', status: 'draft', costCents: 50_000 },
];

/** What was asked of the store, and what reached a handler: a refusal must never get that far. */
export const seen = { loaded: [] as string[], handled: [] as string[] };

/** Products on SQLite, as a service keeps them. */
@Injectable()
export class ProductStore {
  readonly #database = new DatabaseSync(':memory:');

  constructor() {
    this.#database.exec('CREATE TABLE product (id TEXT, "vendorId" TEXT, name TEXT, status TEXT, "costCents" INTEGER)');
    const insert = this.#database.prepare('INSERT INTO product VALUES (?, ?, ?, ?, ?)');
    for (const { id, vendorId, name, status, costCents } of table) insert.run(id, vendorId, name, status, costCents);
  }

  find(id: string): Promise<Product | undefined> {
    seen.loaded.push(id);
    const found = this.#database.prepare('SELECT * FROM product WHERE id = ?').get(id);
    return Promise.resolve(found === undefined ? undefined : ({ ...found } as unknown as Product)); // Of that table.
  }

  list(readable: AccessFilter): readonly Product[] {
    const { text, parameters } = readable.toSql({ dialect: 'sqlite' });
    const rows = this.#database.prepare(`SELECT * FROM product WHERE ${text} ORDER BY id`).all(...toValues(parameters));
    return rows.map((row) => ({ ...row }) as unknown as Product); // Of that table.
  }
}

function toValues(parameters: readonly (string | number | boolean)[]): readonly SQLInputValue[] {
  return parameters.map((value) => (typeof value === 'boolean' ? Number(value) : value));
}

export const lines: (LogFields & { message: string })[] = [];
const note = (message: string, fields: LogFields): void => void lines.push({ message, ...fields });
export const logger: Logger = { info: note, warn: note, error: note };

export const entries: AuditEntry[] = [];
export const audit = {
  isAway: false,
  record: (entry: AuditEntry): Promise<void> => {
    if (audit.isAway) return Promise.reject(new Error('the table is locked'));
    entries.push(entry);
    return Promise.resolve();
  },
};

export function forgetSeen(): void {
  audit.isAway = false;
  for (const list of [lines, entries, seen.loaded, seen.handled]) list.length = 0;
}

export interface PolicyService {
  readonly imports?: readonly DynamicModule[];
  readonly controllers?: readonly Type[];
  readonly providers?: readonly Provider[];
  readonly options?: Partial<SallyportOptions>;
}

/** Builds an application with the policy. It does not listen. */
export function createService(
  { imports = [], controllers = [], providers = [ProductStore], options = {} }: PolicyService,
  platform: 'Express' | 'Fastify' = 'Express',
): Promise<INestApplication> {
  const given: SallyportOptions = {
    issuer: issuer.issuer,
    audience: issuer.audience,
    keys: issuer.jwks(),
    logger,
    policy,
    audit,
    ...options,
  };
  const root = {
    module: class Root {},
    imports: [SallyportModule.forRoot(given), ...imports],
    controllers: [...controllers],
    providers: [...providers],
  };
  const adapter = platform === 'Express' ? new ExpressAdapter() : new FastifyAdapter();
  return NestFactory.create<INestApplication>(root, adapter, { logger: false, abortOnError: false });
}

export function urlOf(app: INestApplication): string {
  // A server that listens on a port has an address of this shape.
  return `http://127.0.0.1:${(app.getHttpServer() as { address(): AddressInfo }).address().port}`;
}

/** A caller as the guard makes one, for services that are asked without a request. */
export function callerNamed(id: string, permissions: readonly string[] = []): Caller {
  return {
    kind: 'user',
    id,
    roles: [],
    permissions,
    acr: 'pwd',
    amr: ['pwd'],
    authTime: new Date(0),
    credential: 'session',
    generation: { session: 0, user: 0, policy: 0 },
  };
}
