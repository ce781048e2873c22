import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SallyportError } from '@sallyport/core';
import type { Identity } from '@sallyport/identity';
import * as z from 'zod';

/** Name of the file in the data folder that says which client `sallyport login` is. No secret. */
export const demoCommandLineFile = 'demo-command-line.json';

/** The product's own: it asks for no consent beyond the question of the device page. */
const commandLine = {
  name: 'Sallyport command line',
  trust: 'first-party',
  authentication: 'none',
  grantTypes: ['device_code', 'refresh_token'],
  scopes: ['openid', 'profile', 'email', 'offline_access'],
} as const;

const clientsSchema = z.array(z.object({ id: z.string(), name: z.string() }));
const madeSchema = z.object({ client: z.object({ id: z.string() }) });
const operator = { actor: 'operator', requestId: 'demo', address: 'local' } as const;

/**
 * Registers the client with which `sallyport login` signs in at the demo, and writes down its id. At another port it is the
 * same client, with another address.
 */
export async function prepareCommandLine(
  { dataDir, publicUrl }: { readonly dataDir: string; readonly publicUrl: string },
  { operations }: Identity,
): Promise<void> {
  const ask = async (name: string, input: object): Promise<unknown> =>
    operations.find((one) => one.name === name)?.run(input, operator);
  const find = async (): Promise<string | undefined> =>
    clientsSchema.parse(await ask('oauth-clients/list', { limit: 100 })).find(({ name }) => name === commandLine.name)
      ?.id;

  const resources = [publicUrl];
  let id = await find();
  if (id === undefined) {
    try {
      id = madeSchema.parse(await ask('oauth-clients/create', { ...commandLine, resources })).client.id;
    } catch (error) {
      // Another gateway that started at the same moment has made it.
      if (!(error instanceof SallyportError) || error.code !== 'SP_CONFLICT') throw error;
      id = await find();
    }
  } else await ask('oauth-clients/update', { id, change: { resources } });
  if (id !== undefined) writeClient(join(dataDir, demoCommandLineFile), id);
}

function writeClient(path: string, clientId: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const aside = `${path}.${process.pid}.tmp`;
  writeFileSync(aside, `${JSON.stringify({ clientId })}\n`, { mode: 0o600 });
  renameSync(aside, path);
}
