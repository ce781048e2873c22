import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorkplace, type Workplace } from '../test-support/index.ts';
import {
  answerJson,
  deviceAnswer,
  startDeviceImpostor,
  tokenAnswer,
  type Impostor,
} from '../test-support/oauth-impostor.ts';
import { createKeptSignIns, type KeptSignIn, type KeptSignIns } from '../sign-in/kept-sign-in.ts';

const servers: Impostor[] = [];
const serve = async (...change: Parameters<typeof startDeviceImpostor>): Promise<Impostor> => {
  const impostor = await startDeviceImpostor(...change);
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
const signInAt = (url: string, change: Partial<KeptSignIn> = {}): KeptSignIn => ({
  url,
  clientId: 'client_1',
  accessToken: 'access-old',
  refreshToken: 'refresh-old',
  expiresAt: Date.now() + 600_000,
  user: { id: 'ada' },
  ...change,
});

describe('sallyport login', () => {
  it('shows nothing of a server that a terminal would obey', async () => {
    const escape = '\u001b]0;owned\u0007\u001b[2J';
    const refusing = await serve(() => ({ '/oauth2/device': answerJson({ error: `no${escape}` }, 400) }));
    const endpoints = { device_authorization_endpoint: 'x', token_endpoint: 'x', revocation_endpoint: 'x' };
    const moved = await serve(() => ({
      '/.well-known/oauth-authorization-server': answerJson({ issuer: `https://a${escape}`, ...endpoints }),
    }));
    const showing = await serve((origin) => ({
      '/oauth2/device': answerJson(() =>
        deviceAnswer(origin(), {
          user_code: `WDJB${escape}`,
          verification_uri: `${origin()}/auth/device#${escape}`,
          verification_uri_complete: `${origin()}/auth/device?${escape}`,
        }),
      ),
    }));
    for (const { origin } of [refusing, moved, showing]) {
      const { errors, output } = await placeAt(origin).run(['login']);
      // oxlint-disable-next-line no-control-regex -- these are what is looked for
      expect(errors + output).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
    }
  });

  it('waits for a command that refreshes the sign-in that it takes the place of', async () => {
    const gateway = await serve();
    kept.write(signInAt(gateway.origin));
    const lock = kept.lockOf(gateway.origin);
    writeFileSync(lock, '1');
    const running = placeAt(gateway.origin).run(['login']);
    await sleep(300);
    // The other one writes what it was given, and lets go.
    expect(kept.read(gateway.origin)?.refreshToken).toBe('refresh-old');
    kept.write(signInAt(gateway.origin, { refreshToken: 'refresh-next' }));
    rmSync(lock);
    expect((await running).code).toBe(0);
    expect(kept.read(gateway.origin)?.refreshToken).toBe('refresh-new');
    const revoked = gateway.calls.filter(({ path }) => path === '/oauth2/revoke').map(({ form }) => form);
    expect(revoked).toEqual(['token=refresh-next&client_id=client_1']);
  });

  it('goes on waiting while the gateway does not answer, or breaks off', async () => {
    let asked = 0;
    const gateway = await serve((origin) => ({
      '/oauth2/token': (request, response, form) => {
        asked += 1;
        if (asked === 1) response.writeHead(503).end();
        else if (asked === 2) response.writeHead(200, { 'content-length': '9' }).write('{', () => response.destroy());
        else answerJson(tokenAnswer(origin()))(request, response, form);
      },
    }));
    expect((await placeAt(gateway.origin).run(['login'])).code).toBe(0);
    expect(asked).toBe(3);
  });

  it('asks for nothing where its folder is a link that leads elsewhere', async () => {
    const gateway = await serve();
    const elsewhere = mkdtempSync(join(tmpdir(), 'sallyport-elsewhere-'));
    symlinkSync(elsewhere, join(home, 'sallyport'));
    const result = await placeAt(gateway.origin).run(['login']);
    expect(result.errors).toMatch(/no link/);
    expect([readdirSync(elsewhere), gateway.calls]).toEqual([[], []]);
  });
});
