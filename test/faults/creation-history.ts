import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { AskGateway } from '../../tools/launch/gateway-client.ts';
import type { History } from './history.ts';
import { createTally } from './tally.ts';

interface Listed {
  readonly name: string;
}

const path = '/api/shop/products';

/**
 * Starts a client that creates one product after the other, each under a name of its own. What was acknowledged is there
 * once, and what was not, at most once: a POST is never sent a second time.
 */
export function startCreationHistory(ask: AskGateway, cookie: string): History {
  const told = new Map<string, 'created' | 'unsure'>();
  const tally = createTally();
  let isStopped = false;

  const create = async (): Promise<void> => {
    while (!isStopped) {
      await wait(50);
      const name = `history ${randomUUID()}`;
      told.set(name, 'unsure');
      const { status } = await ask(path, { method: 'POST', json: { name, priceCents: 100 }, cookie });
      if (status === 201) {
        told.set(name, 'created');
        tally.acknowledged++;
      } else tally.unanswered++;
    }
  };
  const running = create();

  return {
    get acknowledged() {
      return tally.acknowledged;
    },
    get unanswered() {
      return tally.unanswered;
    },
    progress: (operations) => tally.progress(operations),
    async stop() {
      isStopped = true;
      await running;
    },
    async contradictions() {
      const asked = new Map(told);
      const counts = await countByName(ask, cookie);
      return [...asked].flatMap(([name, word]) => {
        const count = counts.get(name) ?? 0;
        const isFine = word === 'created' ? count === 1 : count <= 1;
        return isFine ? [] : [`"${name}" was ${word} and is there ${count} times`];
      });
    },
  };
}

async function countByName(ask: AskGateway, cookie: string): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (let page = 1; ; page++) {
    const { status, body } = await ask(`${path}?pageSize=100&sort=createdAt&page=${page}`, { cookie });
    if (status !== 200) {
      await wait(100);
      page--;
      continue;
    }
    const items = (body as { readonly items: readonly Listed[] }).items; // The shop's own schema says so.
    for (const { name } of items) counts.set(name, (counts.get(name) ?? 0) + 1);
    if (items.length < 100) return counts;
  }
}
