import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { INestApplication } from '@nestjs/common';
import { mongo } from 'mongoose';
import { vi } from 'vitest';

/** The MongoDB of the tests; absent where there is none. */
export const mongodbUrl = process.env['TEST_MONGODB_URL'];

/** The administrator that the application makes at its start. */
export const administrator = { email: 'admin@example.com', password: 'lantern-orchard-seven-miles' } as const;

/** An application that listens, with a database of its own. */
export interface RunningApplication {
  readonly origin: string;
  close(): Promise<void>;
}

/** Starts the application of a folder as its `main.ts` does. */
export async function startApplication(
  folder: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<RunningApplication> {
  const port = await freePort();
  const database = new URL(mongodbUrl ?? 'mongodb://127.0.0.1/');
  database.pathname = `/classic-${randomUUID()}`;
  const environment = {
    PORT: String(port),
    MONGODB_URI: database.href,
    JWT_SECRET: randomUUID(),
    ADMIN_EMAIL: administrator.email,
    ADMIN_PASSWORD: administrator.password,
    ...variables,
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  // The folder is chosen at run time; each holds the same function.
  const { createApplication } = (await import(pathToFileURL(path.join(folder, 'src/create-application.ts')).href)) as {
    readonly createApplication: () => Promise<INestApplication>;
  };
  const app = await createApplication();
  await app.listen(port, 'localhost');
  return {
    origin: `http://localhost:${port}`,
    close: async () => {
      await app.close();
      const client = new mongo.MongoClient(database.href);
      await client.db().dropDatabase();
      await client.close();
      vi.unstubAllEnvs();
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, 'localhost'), 'listening');
  const { port } = server.address() as AddressInfo; // It listens on a port.
  server.close();
  await once(server, 'close');
  return port;
}
