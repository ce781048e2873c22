import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readEnvironment } from './config/environment.ts';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from './test-support/test-gateway.ts';
import { testRoutes } from './test-support/test-routes.ts';

const secretOf = (): string => `whsec_${randomBytes(32).toString('base64')}`;
const [first, second] = [secretOf(), secretOf()];

let dataDir: string;
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'sallyport-webhooks-'));
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const gateways: TestGateway[] = [];
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.close();
});

/** Routes with one for webhooks, to the upstream of the gateway. */
function optionsWith(secrets: string | undefined, change: object = {}): TestGatewayOptions {
  const upstream = 'http://127.0.0.1:9';
  const hook = { name: 'hook', prefix: '/hook', upstream, audience: 'shop', access: 'service' } as const;
  return {
    config: { dataDir, routes: [...testRoutes(upstream), { ...hook, webhook: { secret: 'billing' }, ...change }] },
    environment: secrets === undefined ? {} : { SALLYPORT_WEBHOOK_SECRETS: secrets },
  };
}

async function start(secrets: string | undefined, change: object = {}): Promise<TestGateway> {
  const gateway = await startTestGateway(optionsWith(secrets, change));
  gateways.push(gateway);
  return gateway;
}

async function deliver(gateway: TestGateway, secret: string, id: string = randomUUID()): Promise<Response> {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.{}`).digest('base64');
  return fetch(`${gateway.origin}/hook`, {
    method: 'POST',
    headers: { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` },
    body: '{}',
  });
}

describe('a gateway with webhooks', () => {
  it('hands on what its secret signed, and takes it again after an upstream that does not answer', async () => {
    const gateway = await start(`billing=${first}`);
    const id = randomUUID();
    // Nothing listens at that upstream: the delivery was verified, and not delivered.
    expect((await deliver(gateway, first, id)).status).toBe(502);
    expect((await deliver(gateway, first, id)).status).toBe(502);
    expect((await deliver(gateway, second)).status).toBe(401);
  });

  it('takes over other secrets while it runs, and shows none of them in its log', async () => {
    const gateway = await start(`billing=${first}`);
    gateway.gateway.useSecrets(readEnvironment({ SALLYPORT_WEBHOOK_SECRETS: `billing=${second} billing=${first}` }));
    expect((await deliver(gateway, second)).status).toBe(502);
    expect((await deliver(gateway, first)).status).toBe(502);
    gateway.gateway.useSecrets(readEnvironment({ SALLYPORT_WEBHOOK_SECRETS: `billing=${second}` }));
    expect((await deliver(gateway, first)).status).toBe(401);
    const log = JSON.stringify(gateway.lines);
    for (const secret of [first, second]) expect(log).not.toContain(secret.slice('whsec_'.length));
    expect(log).toContain('webhook-signature-wrong');
  });

  it.each([
    { name: 'without secrets', secrets: undefined, says: 'has no secret "billing"' },
    { name: 'without that secret', secrets: `other=${first}`, says: 'has no secret "billing"' },
    {
      name: 'with a secret that can be guessed',
      secrets: 'billing=whsec_YQ==',
      says: 'is no secret of Standard Webhooks',
    },
    { name: 'with one secret for two', secrets: `billing=${first} other=${first}`, says: 'has one secret for' },
    { name: 'with a secret alone', secrets: first, says: 'has no name=secret as item 1' },
  ])('does not start $name, and says so without the secret', async ({ secrets, says }) => {
    const failure = await start(secrets).then(
      () => undefined,
      (error: unknown) => String(error),
    );
    expect(failure).toContain('SALLYPORT_WEBHOOK_SECRETS');
    expect(failure).toContain(says);
    expect(failure).not.toContain(first.slice('whsec_'.length));
  });

  it('does not start with two routes that verify with one secret', async () => {
    const options = optionsWith(`billing=${first}`);
    const routes = options.config?.routes ?? [];
    const last = routes.at(-1);
    if (last === undefined) throw new TypeError('there is no route');
    const twice = {
      ...options,
      config: { ...options.config, routes: [...routes, { ...last, name: 'two', prefix: '/two' }] },
    };
    await expect(startTestGateway(twice)).rejects.toThrow(/verify webhooks with the secret "billing"/);
  });
});

describe('a delivery', () => {
  it('is refused when it comes again after the gateway was started anew', async () => {
    const id = randomUUID();
    const delivered = await startAnswering();
    expect((await deliver(delivered, first, id)).status).toBe(200);
    expect((await deliver(delivered, first, id)).status).toBe(409);
    await gateways.pop()?.close();
    const anew = await startAnswering();
    expect((await deliver(anew, first, id)).status).toBe(409);
    expect((await deliver(anew, first)).status).toBe(200);
  });
});

/** A gateway in front of an upstream that answers 200. */
async function startAnswering(): Promise<TestGateway> {
  const upstream = createServer((request, response) => {
    request.resume();
    response.end('{}');
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const address = upstream.address();
  if (typeof address !== 'object' || address === null) throw new TypeError('the upstream has no port');
  const gateway = await start(`billing=${first}`, { upstream: `http://127.0.0.1:${address.port}` });
  const closing = {
    ...gateway,
    close: async () => {
      await gateway.close();
      upstream.closeAllConnections();
      upstream.close();
    },
  };
  gateways[gateways.length - 1] = closing;
  return closing;
}
