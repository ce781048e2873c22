import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startTestGateway, type TestGateway } from './test-support/test-gateway.ts';
import { testAccounts } from './test-support/test-preset.ts';

// Passwords are hashed, for two systems.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Two systems that a developer runs on one machine: browsers send the cookies of each to both. */
let systems: readonly [TestGateway, TestGateway];
beforeAll(async () => {
  systems = [await startTestGateway(), await startTestGateway()];
});
afterAll(() => Promise.all(systems.map((system) => system.close())));

/** What a browser keeps for one host: cookies know no port. */
class Jar {
  readonly #pairs = new Map<string, string>();

  get header(): string {
    return [...this.#pairs].map((pair) => pair.join('=')).join('; ');
  }

  get names(): readonly string[] {
    return [...this.#pairs.keys()];
  }

  async send(system: TestGateway, method: string, path: string, body?: object): Promise<Response> {
    const { origin } = system;
    const answer = await fetch(origin + path, {
      method,
      headers: { origin, 'content-type': 'application/json', ...(this.header === '' ? {} : { cookie: this.header }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/;\s*Max-Age=0/i.test(line)) this.#pairs.delete(name);
      else this.#pairs.set(name, value);
    }
    return answer;
  }
}

async function signedIn(jar: Jar, system: TestGateway): Promise<number> {
  return (await jar.send(system, 'GET', '/auth/sessions')).status;
}

async function signIn(jar: Jar, system: TestGateway): Promise<void> {
  const [account] = testAccounts;
  const { email, password } = account ?? {};
  expect((await jar.send(system, 'POST', '/auth/sign-in/email', { email, password })).status).toBe(200);
}

describe('of two systems on two ports of localhost', () => {
  it('neither signs the users of the other one out', async () => {
    const jar = new Jar();
    const [one, other] = systems;
    await signIn(jar, one);
    await signIn(jar, other);
    expect([await signedIn(jar, one), await signedIn(jar, other)]).toEqual([200, 200]);
    expect((await jar.send(one, 'POST', '/auth/sign-out')).status).toBe(204);
    expect([await signedIn(jar, one), await signedIn(jar, other)]).toEqual([401, 200]);
  });

  it('each has its port in the name of every cookie', async () => {
    const jar = new Jar();
    for (const system of systems) {
      const before = new Set(jar.names);
      await signIn(jar, system);
      await jar.send(system, 'GET', `/auth/reset?token=${'a'.repeat(43)}`);
      const { port } = new URL(system.origin);
      const added = jar.names.filter((name) => !before.has(name));
      expect(added.length).toBeGreaterThan(1);
      for (const name of added) expect(name).toMatch(new RegExp(`^sallyport-${port}(?:-[a-z-]+)?$`));
    }
  });

  it('neither shows the cookies of the other one to its services', async () => {
    const jar = new Jar();
    for (const system of systems) await signIn(jar, system);
    for (const system of systems) {
      const answer = await fetch(`${system.origin}/api/shop/x`, { headers: { cookie: `theme=dark; ${jar.header}` } });
      const { headers } = (await answer.json()) as { headers: Readonly<Record<string, string>> };
      expect(headers['cookie']).toBe('theme=dark');
    }
  });

  it('neither knows a user by the session of the other one, or by the name that cookies had before', async () => {
    const [one, other] = systems;
    const cookie = await one.signIn();
    const value = cookie.slice(cookie.indexOf('=') + 1);
    for (const name of ['sallyport', `sallyport-${new URL(other.origin).port}`, 'sallyport-', 'sallyport-03000'])
      for (const system of systems)
        expect((await system.get('/auth/sessions', { cookie: `${name}=${value}` })).status).toBe(401);
  });
});
