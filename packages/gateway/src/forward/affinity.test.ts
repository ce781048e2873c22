import { afterEach, describe, expect, it } from 'vitest';
import { cookie } from '../test-support/test-gateway.ts';
import { startEchoUpstream, type EchoUpstream } from '../test-support/echo-upstream.ts';
import { closeAfterwards, closeTargets, gatewayTo } from './targets.test-support.ts';

afterEach(closeTargets);

async function startTargets(count: number): Promise<readonly EchoUpstream[]> {
  const targets = await Promise.all(Array.from({ length: count }, startEchoUpstream));
  for (const target of targets) {
    target.answer = (_, response) => response.end(target.origin);
    closeAfterwards(() => target.close());
  }
  return targets;
}

const originsOf = (targets: readonly EchoUpstream[]): readonly string[] => targets.map(({ origin }) => origin);

describe('a route with affinity: "session"', () => {
  it('sends all requests of a session to one target, and sessions to all of them', async () => {
    const origins = originsOf(await startTargets(3));
    const gateway = await gatewayTo(origins, { access: 'signed-in', affinity: 'session' });
    const chosen = new Set<string>();
    for (let session = 0; session < 30; session++) {
      const headers = cookie(gateway.sessions.add());
      const { body } = await gateway.send('GET', '/many/x', headers);
      for (let count = 0; count < 3; count++) expect((await gateway.send('GET', '/many/x', headers)).body).toBe(body);
      chosen.add(body);
    }
    expect([...chosen].sort()).toEqual([...origins].sort());
  });

  it('chooses the same target at every gateway, in whatever order they are written', async () => {
    const origins = originsOf(await startTargets(3));
    const [first, second] = [
      await gatewayTo(origins, { access: 'signed-in', affinity: 'session' }),
      await gatewayTo([...origins].reverse(), { access: 'signed-in', affinity: 'session' }),
    ];
    for (let session = 0; session < 10; session++) {
      const sid = `sid-${session}`;
      const [here, there] = await Promise.all(
        [first, second].map((gateway) => gateway.send('GET', '/many/x', cookie(gateway.sessions.add({ sid })))),
      );
      expect(here?.body).toBe(there?.body);
    }
  });

  it('sends strangers of one address to one target', async () => {
    const gateway = await gatewayTo(originsOf(await startTargets(3)), { affinity: 'session' });
    const { body } = await gateway.send('GET', '/many/x');
    for (let count = 0; count < 6; count++) expect((await gateway.send('GET', '/many/x')).body).toBe(body);
  });

  it('moves the sessions of a target that fails, and no others', async () => {
    const targets = await startTargets(3);
    const gateway = await gatewayTo(
      originsOf(targets),
      { access: 'signed-in', affinity: 'session' },
      { upstreams: { failures: 1, pauseSeconds: 300 } },
    );
    const sessions = Array.from({ length: 20 }, () => cookie(gateway.sessions.add()));
    const ask = async (): Promise<readonly string[]> => {
      const answers = await Promise.all(sessions.map((headers) => gateway.send('GET', '/many/x', headers)));
      for (const answer of answers) expect(answer.status).toBe(200);
      return answers.map(({ body }) => body);
    };
    const before = await ask();
    const [gone] = targets;
    await gone?.close();
    const after = await ask();
    before.forEach((origin, index) => {
      if (origin === gone?.origin) expect(after[index]).not.toBe(origin);
      else expect(after[index]).toBe(origin);
    });
    expect(await ask()).toEqual(after);
  });

  it('is refused at the start where there is no list of targets', async () => {
    const started = gatewayTo('http://127.0.0.1:9', { affinity: 'session' });
    await expect(started).rejects.toThrow(/"many" has affinity, but one target/);
  });
});
