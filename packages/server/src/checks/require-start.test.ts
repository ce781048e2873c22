import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { silentLogger, type CheckFinding } from '@sallyport/core';
import { afterEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../config/parse-config.ts';
import { readEnvironment } from '../config/environment.ts';
import { createTestPreset } from '../test-support/test-preset.ts';
import { checkPorts } from './check-ports.ts';
import { requireAfterClaim, requireStart } from './require-start.ts';
import type { StartCheck, StartContext } from './start-context.ts';

const redis = { REDIS_URL: 'redis://127.0.0.1:9' };
const server = { DATABASE_URL: 'postgres://127.0.0.1:9/none' };

const check = (...found: readonly CheckFinding[]): StartCheck => ({ name: 'test', run: () => found });
const passing: CheckFinding = { kind: 'failure', finding: 'may end by itself', mayEndByItself: true };
const lasting: CheckFinding = { kind: 'failure', finding: 'does not end', mayEndByItself: false };
const failure: CheckFinding = { kind: 'failure', finding: 'is wrong' };

function contextOf(variables: Readonly<Record<string, string>>, ports: object = {}): StartContext {
  const environment = readEnvironment(variables);
  const config = parseConfig({ ...createTestPreset().configure(environment), ...ports }, 'test');
  return { config, environment };
}

describe('a start that waits for the claim on a database server', () => {
  it('goes on where all that is wrong may end by itself, and asks again when it has waited', async () => {
    const context = contextOf(server);
    await expect(requireStart([check(passing, passing)], context, silentLogger)).resolves.toBeUndefined();
    await expect(requireAfterClaim([check(passing)], context)).rejects.toThrow('may end by itself');
    await expect(requireAfterClaim([check()], context)).resolves.toBeUndefined();
  });

  it.each([
    { name: 'is wrong', found: [failure] },
    { name: 'does not end', found: [lasting] },
  ])('is refused where something $name, which it names together with the rest', async ({ name, found }) => {
    const start = requireStart([check(passing), check(...found)], contextOf(server), silentLogger);
    await expect(start).rejects.toThrow(name);
    await expect(start).rejects.toThrow('may end by itself');
  });

  it('logs what is not safe', async () => {
    const warned: unknown[] = [];
    const logger = { ...silentLogger, warn: (_message: string, fields: unknown) => void warned.push(fields) };
    await requireStart([check(passing, { kind: 'warning', finding: 'is not safe' })], contextOf(server), logger);
    expect(warned).toEqual([expect.objectContaining({ finding: 'is not safe' })]);
  });
});

describe('a start that waits for no claim', () => {
  it.each([
    { name: 'with Redis, several gateways share a database', variables: { ...server, ...redis } },
    { name: 'a data folder is refused at once', variables: {} },
  ])('is refused for what may end by itself: $name', async ({ variables }) => {
    const context = contextOf(variables);
    await expect(requireStart([check(passing)], context, silentLogger)).rejects.toThrow('may end by itself');
    await expect(requireAfterClaim([check(passing)], context)).resolves.toBeUndefined();
  });
});

describe('a port', () => {
  const opened: Server[] = [];
  afterEach(() => {
    for (const one of opened.splice(0)) one.close();
  });
  const take = async (): Promise<number> => {
    const one = createServer().listen(0, '127.0.0.1');
    opened.push(one);
    await once(one, 'listening');
    const address = one.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  };
  const find = (ports: object) => checkPorts.run(contextOf({}, ports));

  it('that another program has may be free later', async () => {
    const port = await take();
    expect(await find({ internal: { host: '127.0.0.1', port } })).toEqual([
      expect.objectContaining({ kind: 'failure', key: 'internal.port', mayEndByItself: true }),
    ]);
  });

  it('that was given twice stays so', async () => {
    const port = await take();
    opened.splice(0).forEach((one) => one.close());
    const both = { internal: { host: '127.0.0.1', port }, admin: { host: '127.0.0.1', port } };
    expect(await find(both)).toEqual([
      expect.objectContaining({ kind: 'failure', key: 'admin.port', mayEndByItself: false }),
    ]);
  });

  it('that the machine does not have an address for stays so', async () => {
    expect(await find({ internal: { host: '192.0.2.1', port: 9 } })).toEqual([
      expect.objectContaining({ kind: 'failure', key: 'internal.port', mayEndByItself: false }),
    ]);
  });
});
