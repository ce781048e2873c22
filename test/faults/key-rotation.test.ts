import { afterEach, describe, expect, it } from 'vitest';
import { hasServers, startSmallSystem, type SmallSystem } from './small-system.ts';

let system: SmallSystem | undefined;
afterEach(async () => {
  await system?.close();
  system = undefined;
});

const services = ['shop', 'orders', 'stock'];

/** How many keys have signed so far: every rotation brings one. */
async function signersOf({ gateways }: SmallSystem): Promise<number> {
  const [gateway] = gateways;
  const answer = await fetch(`${gateway?.internalOrigin}/internal/.well-known/jwks.json`);
  const { keys } = (await answer.json()) as { readonly keys: readonly unknown[] };
  // One of them is the next; none has retired for good, because tokens live for longer than the test.
  return keys.length - 1;
}

/**
 * Sends requests of every session through every gateway to every service until there were so many rotations.
 *
 * Sessions join one by one, so that tokens are made all the time.
 */
async function rotateUnderLoad(running: SmallSystem, rotations: number): Promise<Map<string, number>> {
  const cookies: string[] = [await running.signIn('ada@example.test')];
  const answers = new Map<string, number>();
  const before = await signersOf(running);
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
    while ((await signersOf(running)) < before + rotations) await new Promise((resolve) => setTimeout(resolve, 100));
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
      expect(answers.get('served')).toBeGreaterThan(500);
      for (const name of services) expect(system.service(name).acceptedKeys.size).toBeGreaterThanOrEqual(10);
    },
    180_000,
  );

  it('refuses nobody with one gateway on what is embedded', async () => {
    system = await startSmallSystem({ gateways: 1, services });
    const answers = await rotateUnderLoad(system, 2);
    expect([...answers.keys()]).toEqual(['served']);
    for (const name of services) expect(system.service(name).acceptedKeys.size).toBeGreaterThanOrEqual(2);
  }, 180_000);
});
