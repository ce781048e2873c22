import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { mongo } from 'mongoose';
import { describe } from 'vitest';
import { describeHolds } from '../holds/holds-contract.test-support.ts';
import { openMongoProductStore } from './mongo-product-store.ts';
import { describeProductStore } from './product-store-contract.test-support.ts';
import { createSqliteProductStore } from './sqlite-product-store.ts';

const mongodbUrl = process.env['TEST_MONGODB_URL'];

describe('the store of products [sqlite]', () => {
  const prepare = async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'shop-'));
    return {
      open: async () => createSqliteProductStore(path.join(folder, 'products.sqlite')),
      remove: async () => rmSync(folder, { recursive: true }),
    };
  };
  describeProductStore(prepare);
  describeHolds(prepare);
});

describe.skipIf(mongodbUrl === undefined)('the store of products [mongodb]', () => {
  const url = mongodbUrl ?? '';

  const prepare = async () => {
    const database = `shop-${randomUUID()}`;
    return {
      open: async () => openMongoProductStore({ url, database }),
      remove: async () => withClient(url, async (client) => void (await client.db(database).dropDatabase())),
      // FerretDB 1 reads, decides and writes: a change of a version that is gone can overwrite another.
      withoutAtomicChange: (await isFerretdb(url)) ? 'FerretDB changes nothing atomically' : undefined,
    };
  };
  describeProductStore(prepare);
  describeHolds(prepare);
});

async function isFerretdb(url: string): Promise<boolean> {
  return withClient(url, async (client) => 'ferretdbVersion' in (await client.db('admin').command({ buildInfo: 1 })));
}

async function withClient<Result>(url: string, work: (client: mongo.MongoClient) => Promise<Result>): Promise<Result> {
  const client = new mongo.MongoClient(url);
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
