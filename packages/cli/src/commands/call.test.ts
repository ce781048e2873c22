import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorkplace, type Workplace } from '../test-support/index.ts';
import { answerJson, startDeviceImpostor, startImpostor, type Impostor } from '../test-support/oauth-impostor.ts';
import { createKeptSignIns, type KeptSignIn, type KeptSignIns } from '../sign-in/kept-sign-in.ts';

const servers: Impostor[] = [];
const serve = async (starting: Promise<Impostor>): Promise<Impostor> => {
  const impostor = await starting;
  servers.push(impostor);
  return impostor;
};

let home: string;
let kept: KeptSignIns;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sallyport-home-'));
  kept = createKeptSignIns({ XDG_CONFIG_HOME: home });
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const placeAt = (origin: string): Workplace =>
  createWorkplace({ XDG_CONFIG_HOME: home, SALLYPORT_URL: origin, SALLYPORT_CLIENT_ID: 'client_1' });
const signInAt = (url: string): KeptSignIn => ({
  url,
  clientId: 'client_1',
  accessToken: 'access-old',
  refreshToken: 'refresh-old',
  expiresAt: Date.now() + 600_000,
  user: { id: 'ada' },
});

describe('sallyport call', () => {
  it.each([
    ['/.//', 'a dot that is taken away'],
    ['/..//', 'two dots'],
    ['/x/..//', 'a segment that is taken away'],
    ['/%2e//', 'a dot in percent-encoding'],
    ['//', 'two slashes'],
    ['/\\', 'a backslash'],
    ['/\t/', 'a tab between slashes'],
  ])('sends no token elsewhere for a path that begins with %j: %s', async (beginning) => {
    const gateway = await serve(startDeviceImpostor());
    const elsewhere = await serve(startImpostor({ '/steal': answerJson({}) }));
    kept.write(signInAt(gateway.origin));
    const result = await placeAt(gateway.origin).run(['call', `${beginning}${new URL(elsewhere.origin).host}/steal`]);
    expect(result.code).toBe(2);
    expect([elsewhere.calls, gateway.calls]).toEqual([[], []]);
  });

  it('calls what is a path of the gateway', async () => {
    const gateway = await serve(startImpostor({ '/api/a%2Fb?x=//y': answerJson({ ok: true }) }));
    kept.write(signInAt(gateway.origin));
    expect((await placeAt(gateway.origin).run(['call', '/api/./a%2Fb?x=//y'])).code).toBe(0);
    expect(gateway.calls).toMatchObject([{ authorization: 'Bearer access-old' }]);
  });
});
