import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { hasServers, startSmallSystem, type SmallSystem } from './small-system.ts';

let system: SmallSystem | undefined;
afterEach(async () => {
  await system?.close();
  system = undefined;
});

const services = ['shop', 'orders', 'stock'];

/** Ids of the keys that are published: those that signed, and the next one. */
async function publishedKeys({ gateways }: SmallSystem): Promise<readonly string[]> {
  const [gateway] = gateways;
  const answer = await fetch(`${gateway?.internalOrigin}/internal/.well-known/jwks.json`);
  const { keys } = (await answer.json()) as { readonly keys: readonly { readonly kid: string }[] };
  return keys.map(({ kid }) => kid);
}

/**
 * Sends requests of every session through every gateway to every service until there were so many rotations, and every
 * service was sent tokens of so many keys; or until a caller was refused.
 *
 * Sessions join one by one, so that tokens are made all the time.
 */
async function rotateUnderLoad(running: SmallSystem, rotations: number): Promise<Map<string, number>> {
  const cookies: string[] = [await running.signIn('ada@example.test')];
  const answers = new Map<string, number>();
  const published = new Set(await publishedKeys(running));
  const enough = published.size + rotations;
  let isOver = false;
  const send = async (origin: string, service: string): Promise<void> => {
    for (let turn = 0; !isOver; turn += 1) {
      const cookie = cookies[turn % cookies.length] ?? '';
      const answer = await fetch(`${origin}/api/${service}/me`, { headers: { cookie } }).catch(String);
      const outcome = typeof answer === 'string' ? answer : await outcomeOf(answer);
      const name = outcome === 'served' ? outcome : `${service}: ${outcome}`;
      answers.set(name, (answers.get(name) ?? 0) + 1);
    }
  };
  const join = async (): Promise<void> => {
    // Hashing passwords is most of the work of this test: no more of it than there must be.
    while (!isOver) {
      cookies.push(await running.signIn('ada@example.test'));
      await new Promise((resolve) => setTimeout(resolve, 800));
    }
  };
  const watch = async (): Promise<void> => {
    // On a slow machine a key may have had its time before a service was sent anything that it signed.
    const isSeen = (): boolean => services.every((name) => running.service(name).acceptedKeys.size >= rotations);
    // Every rotation brings a key.
    const isRefused = (): boolean => [...answers.keys()].some((name) => name !== 'served');
    while (!isRefused() && (published.size < enough || !isSeen())) {
      for (const kid of await publishedKeys(running)) published.add(kid);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    isOver = true;
  };
  const streams = running.gateways.flatMap(({ origin }) => services.map((service) => send(origin, service)));
  await Promise.all([...streams, join(), watch()]);
  return answers;
}

async function outcomeOf(answer: Response): Promise<string> {
  const text = await answer.text();
  if (answer.status === 200) return 'served';
  // What differs from one request to the next is not part of what happened.
  return `${answer.status} ${/SP_[A-Z_]+/.exec(text)?.[0] ?? text}`;
}

/** A cache between the gateway and its services that never forgets: there are the keys of the first look for ever. */
async function startStaleKeys(): Promise<{ urlFor(internalOrigin: string): string; close(): Promise<void> }> {
  let origin = '';
  let first: Promise<string> | undefined;
  const server = createServer((request, response) => {
    // Services ask for more than keys, and that before there is a gateway.
    if (request.url !== '/keys') {
      response.writeHead(404).end();
      return;
    }
    first ??= fetch(`${origin}/internal/.well-known/jwks.json`).then((answer) => answer.text());
    void first.then((keys) => response.writeHead(200, { 'content-type': 'application/json' }).end(keys));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    urlFor: (internalOrigin) => {
      origin = internalOrigin;
      return `http://127.0.0.1:${port}/keys`;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('rotation of signing keys', () => {
  it.skipIf(!hasServers)(
    'refuses no caller: ten times under load, two gateways, three services [postgres + redis]',
    async () => {
      system = await startSmallSystem({ gateways: 2, services });
      const answers = await rotateUnderLoad(system, 10);
      expect([...answers.keys()]).toEqual(['served']);
    },
    180_000,
  );

  it('refuses no caller with one gateway on the embedded stores', async () => {
    system = await startSmallSystem({ gateways: 1, services });
    const answers = await rotateUnderLoad(system, 2);
    expect([...answers.keys()]).toEqual(['served']);
  }, 180_000);

  it('would be seen to refuse callers: services that never hear of new keys do', async () => {
    const stale = await startStaleKeys();
    system = await startSmallSystem({
      gateways: 1,
      services,
      access: (internalOrigin) => ({ keysUrl: stale.urlFor(internalOrigin) }),
    });
    const answers = await rotateUnderLoad(system, 10);
    await stale.close();
    expect(answers.get('served')).toBeGreaterThan(0);
    expect([...answers.keys()]).toContainEqual(expect.stringMatching(/^(?:shop|orders|stock): 401 SP_TOKEN_INVALID$/));
    // The rotation went on as it always does: of the ten keys the services knew two.
    for (const name of services) expect(system.service(name).acceptedKeys.size).toBeLessThanOrEqual(2);
  }, 180_000);
});
