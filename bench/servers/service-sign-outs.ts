import { readSettings, reportReady } from '../child-side.ts';
import type { SignOut } from '../sign-out.ts';
import { startSmallSystem } from '../../test/faults/small-system.ts';

/* Two gateways and a Nest service that hears of revocations; signs users out, and asks the service until it refuses. */

export interface ServiceSignOutSettings {
  readonly stores: { readonly databaseUrl: string; readonly redisUrl: string };
}

/** So many sign-outs, or the end of it all. */
type Question = { readonly signOuts: number } | 'close';

const service = 'shop';
const { stores } = readSettings<ServiceSignOutSettings>();
const system = await startSmallSystem({
  gateways: 2,
  services: [service],
  stores,
  access: () => ({ revocations: {} }),
  environment: { TEST_ROTATION_SECONDS: '86400' },
});
let turn = 0;

reportReady({}, async (question) => {
  // Only the benchmark asks.
  const asked = question as Question;
  if (asked === 'close') return system.close();
  const measured: SignOut[] = [];
  while (measured.length < asked.signOuts) measured.push(await signOutOnce());
  return measured;
});

/** Signs in at one gateway, calls the service, and signs out: how long the token is served after that. */
async function signOutOnce(): Promise<SignOut> {
  const shop = system.service(service);
  const cookie = await system.signIn('ada@example.test');
  const gateway = system.gateways[turn++ % 2]?.origin ?? '';
  await requireOk(await fetch(`${gateway}/api/${service}/me`, { headers: { cookie } }));
  const headers = { authorization: `Bearer ${shop.lastToken()}` };
  const askedAt = performance.now();
  await requireOk(await fetch(`${shop.origin}/me`, { headers }));
  const roundTrip = performance.now() - askedAt;
  const left = await fetch(`${gateway}/auth/sign-out`, { method: 'POST', headers: { cookie, origin: gateway } });
  const confirmedAt = performance.now();
  await requireOk(left);
  for (let requests = 1; ; requests += 1) {
    const answer = await fetch(`${shop.origin}/me`, { headers });
    await answer.arrayBuffer();
    if (answer.status === 401)
      return { refusedAfter: performance.now() - confirmedAt, roundTrip, requestsUntilRefused: requests };
    if (answer.status !== 200) throw new Error(`a request was answered ${answer.status}`);
  }
}

async function requireOk(answer: Response): Promise<void> {
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`a request was answered ${answer.status}`);
}
