import { CaseFailure } from './case-failure.ts';
import type { FixtureAddress } from '../fixture/fixture.ts';
import type { FixtureUser } from '../fixture/fixture-accounts.ts';
import type { SeenRequest } from '../fixture/echo.ts';
import { valueOf, type OracleContext } from './upstream-oracles.ts';
import { openWire, type Wire } from './wire.ts';

/** What a case works with. */
export interface Kit {
  readonly address: FixtureAddress;
  readonly context: OracleContext;
  /**
   * Opens a connection: at this gateway of the deployment, or at one after the other. Where there is one gateway, every
   * number is that one.
   */
  open(gateway?: number): Promise<Wire>;
  /** Puts the values of this fixture into a text. */
  fill(text: string): string;
  /** What the echoes have seen since the last reset. */
  seen(): Promise<readonly SeenRequest[]>;
  /** Looks until the upstream has seen what is asked for, or the time is over. */
  seenUntil(isThere: (seen: readonly SeenRequest[]) => boolean): Promise<readonly SeenRequest[]>;
  reset(): Promise<void>;
  /** Whether every gateway still answers `/healthz`. */
  isHealthy(): Promise<boolean>;
  /** Ends the case as failed. */
  fail(problem: string): never;
}

const patience = 10_000;
const pollMilliseconds = 20;

/**
 * Builds the kit, and learns how the upstream sees each user.
 *
 * @param others more gateways of the same deployment. Connections go to one after the other, with the cookies of the first.
 */
export async function createKit(address: FixtureAddress, others: readonly FixtureAddress[] = []): Promise<Kit> {
  const { cookieName, cookies, key, serviceKey } = address;
  const gateways = [address, ...others].map(({ gateway }) => gateway);
  const echoes = [address, ...others].map(({ echo }) => echo);
  let turn = 0;
  const identities = new Map<string, FixtureUser>();
  const context: OracleContext = {
    cookieName,
    identityOf: (request) => {
      const mark = markOf(request);
      return mark === undefined ? undefined : (identities.get(mark) ?? 'unknown');
    },
  };
  const kit: Kit = {
    address,
    context,
    open: (number) => openWire(gateways[(number ?? turn++) % gateways.length] ?? address.gateway),
    fill: (text) =>
      text
        .replaceAll('{cookie}', cookieName)
        .replaceAll('{alice}', cookies.alice)
        .replaceAll('{root}', cookies.root)
        .replaceAll('{key}', key)
        .replaceAll('{service}', serviceKey ?? ''),
    seen: async () => (await Promise.all(echoes.map(logOf))).flat(),
    seenUntil: async (isThere) => {
      for (const deadline = Date.now() + patience; ;) {
        const seen = await kit.seen();
        if (isThere(seen) || Date.now() > deadline) return seen;
        await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
      }
    },
    reset: async () => void (await Promise.all(echoes.map(forget))),
    isHealthy: async () => (await Promise.all(gateways.map(isAlive))).every(Boolean),
    fail: (problem) => {
      throw new CaseFailure(problem);
    },
  };
  for (const name of ['alice', 'root'] as const) {
    await kit.reset();
    const wire = await kit.open();
    wire.send(
      kit.fill(`GET /api/who HTTP/1.1\r\nHost: app.test\r\nCookie: {cookie}={${name}}\r\nConnection: close\r\n\r\n`),
    );
    await wire.untilClosed();
    const [request] = await kit.seen();
    const mark = request === undefined ? undefined : markOf(request);
    if (mark === undefined) throw new Error(`the upstream does not see who ${name} is`);
    identities.set(mark, name);
  }
  return kit;
}

async function logOf(echo: string): Promise<readonly SeenRequest[]> {
  return (await (await fetch(`${echo}/__log`)).json()) as readonly SeenRequest[]; // The echo's own words.
}

async function forget(echo: string): Promise<void> {
  await (await fetch(`${echo}/__reset`, { method: 'POST' })).arrayBuffer();
}

async function isAlive(gateway: string): Promise<boolean> {
  const wire = await openWire(gateway).catch(() => undefined);
  if (wire === undefined) return false;
  wire.send('GET /healthz HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n');
  const answer = await wire.next();
  wire.destroy();
  return answer?.status === 200;
}

/** The subject of the bearer, or the bearer itself when it is no token that can be read. */
function markOf(request: SeenRequest): string | undefined {
  const authorization = valueOf(request, 'authorization');
  if (authorization === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(authorization.split('.')[1] ?? '', 'base64url').toString());
    const isNamed = typeof claims === 'object' && claims !== null && 'sub' in claims && typeof claims.sub === 'string';
    return isNamed ? String(claims.sub) : authorization;
  } catch {
    return authorization;
  }
}
