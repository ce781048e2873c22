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
 * service was sent tokens of so many keys.
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
      const text = typeof answer === 'string' ? answer : await answer.text();
      const outcome = typeof answer !== 'string' && answer.status === 200 ? 'served' : `${service}: ${text}`;
      answers.set(outcome, (answers.get(outcome) ?? 0) + 1);
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
    while (published.size < enough || !isSeen()) {
      for (const kid of await publishedKeys(running)) published.add(kid);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    isOver = true;
  };
  const streams = running.gateways.flatMap(({ origin }) => services.map((service) => send(origin, service)));
  await Promise.all([...streams, join(), watch()]);
  return answers;
}

describe('rotation of signing keys', () => {
  it.skipIf(!hasServers)(
    'refuses nobody: ten times under load, two gateways, three services [postgres + redis]',
    async () => {
      system = await startSmallSystem({ gateways: 2, services });
      const answers = await rotateUnderLoad(system, 10);
      expect([...answers.keys()]).toEqual(['served']);
    },
    180_000,
  );

  it('refuses nobody with one gateway on what is embedded', async () => {
    system = await startSmallSystem({ gateways: 1, services });
    const answers = await rotateUnderLoad(system, 2);
    expect([...answers.keys()]).toEqual(['served']);
  }, 180_000);
});
