import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { nginxInFront, type FrontKind } from './front-kinds.ts';
import { rowsOfVisitors, visitorOf } from './front-rows.ts';
import { ada, startGatewayBehind, type GatewayBehind } from './gateway-behind.ts';
import { openWebSocket } from './secure-client.ts';
import { startFront, type StartedFront } from './start-front.ts';
import { nginx } from './start-proxy.ts';

const sibling = 'https://www.app.test';

/** nginx with the files of a front end, which passes the calls of its pages on. */
const frontEnd: FrontKind = {
  ...nginxInFront,
  file: 'nginx/front-end-elsewhere.conf',
  changes: (at) => {
    const { 'listen 80;': _none, ...changes } = nginxInFront.changes(at);
    return { ...changes, '/var/www/app': path.join(path.dirname(at.bundleFile), 'app') };
  },
  start: async (folder, config) => {
    await mkdir(path.join(folder, 'app'));
    await writeFile(path.join(folder, 'app/index.html'), '<!doctype html><title>Front end</title>');
    await writeFile(path.join(folder, 'app/app.js'), '"of the front end"');
    return nginxInFront.start(folder, config);
  },
};

describe.skipIf(nginx === undefined)(
  'a front end whose host passes calls on, as deploy says (skipped without nginx)',
  () => {
    let behind: GatewayBehind;
    let started: StartedFront;
    beforeAll(async () => {
      behind = await startGatewayBehind();
      started = await startFront(frontEnd, behind.port);
    });
    afterAll(async () => {
      await started.stop();
      await behind.close();
    });
    beforeEach(() => behind.upstream.reset());
    const { ask, signIn } = visitorOf(() => started);

    it.each(['/', '/orders/7', '/app.js'])('has %s from its own files', async (target) => {
      const answer = await ask(target);
      expect(answer.status).toBe(200);
      expect(answer.body).toMatch(/front end/i);
      expect(behind.upstream.seen).toEqual([]);
    });

    rowsOfVisitors(() => ({ ...started, behind }));

    it('leads password managers to the page of the gateway', async () => {
      const answer = await ask('/.well-known/change-password');
      expect(answer.status).toBe(303);
      expect(answer.headers['location']).toMatch(/^\/auth\//);
    });

    it('has a cookie for itself and for no sibling', async () => {
      const headers = { 'content-type': 'application/json', origin: 'https://app.test' };
      const answer = await ask('/auth/sign-in/email', { method: 'POST', headers, body: JSON.stringify(ada) });
      const [line = ''] = answer.headers['set-cookie'] ?? [];
      expect(line).toMatch(/^__Host-/);
      expect(line).not.toMatch(/;\s*Domain=/i);
    });

    it.each([
      ['a call that changes something', 'POST', '/api/x'],
      ['a sign-in', 'POST', '/auth/sign-in/email'],
      ['a sign-out', 'POST', '/auth/sign-out'],
    ])('is not open to a sibling, which brings the cookie along, for %s', async (_, method, target) => {
      const cookie = await signIn();
      const headers = { cookie, origin: sibling, 'sec-fetch-site': 'same-site', 'content-type': 'application/json' };
      const answer = await ask(target, { method, headers, body: JSON.stringify(ada) });
      expect(answer.status).toBe(403);
      expect(answer.body).toContain('SP_CROSS_SITE_REQUEST');
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
      expect(answer.headers).not.toHaveProperty('set-cookie');
      expect(behind.upstream.seen).toEqual([]);
    });

    it('answers no preflight of a sibling', async () => {
      const headers = { origin: sibling, 'access-control-request-method': 'POST', 'sec-fetch-site': 'same-site' };
      const answer = await ask('/api/x', { method: 'OPTIONS', headers });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    });

    it('opens no WebSocket to a sibling', async () => {
      const client = openWebSocket(started, '/api/ws', await signIn(), sibling);
      await vi.waitFor(() => expect(client.received()).toMatch(/^HTTP\/1\.1 403 /), { timeout: 15_000, interval: 20 });
      client.socket.destroy();
    });
  },
);
