import { createAdaptorServer } from '@hono/node-server';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { builtInPages } from '@sallyport/core';
import { features } from '@sallyport/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pageStates } from './page-states.ts';
import { createPreview } from './preview-app.ts';

let server: Server;
let origin: string;
beforeAll(async () => {
  server = createAdaptorServer({ fetch: createPreview().fetch }) as Server;
  await once(server.listen(0, '127.0.0.1'), 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const read = async (path: string) => {
  const answer = await fetch(origin + path);
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
};
const framesOf = (page: string): string[] =>
  [...page.matchAll(/<iframe [^>]*src="([^"]+)"/g)].map(([, address = '']) => address.replaceAll('&amp;', '&'));

describe('the preview', () => {
  it.each([
    '/preview/mail/none',
    '/preview/mail/__proto__',
    '/preview/error/SP_NONE',
    '/preview/page/none',
    '/auth/assets/none.css',
    '/auth/assets/brand/none.svg',
  ])('has nothing at %s', async (path) => {
    expect((await read(path)).status).toBe(404);
  });

  it('leaves the headers of what stands beside it alone', async () => {
    expect((await read('/')).headers.get('content-security-policy')).toBeNull();
    expect((await read('/preview')).headers.get('content-security-policy')).not.toBeNull();
  });

  it('is refused to pages of other sites', async () => {
    expect((await fetch(`${origin}/preview`, { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403);
  });

  it.each(['demo', 'default', 'acme'])('shows every mail, page and error in the brand: %s', async (brand) => {
    const names = { demo: 'Sallyport', default: 'app.example.com', acme: 'Acme' } as const;
    const page = await read(`/preview?brand=${brand}&theme=dark`);
    const frames = framesOf(page.text);
    expect(frames.filter((frame) => frame.includes('/mail/'))).toHaveLength(Object.keys(features.mails).length + 1);
    expect(frames.filter((frame) => frame.includes('/page/'))).toHaveLength(pageStates.length);
    for (const frame of frames) {
      const { status, headers, text } = await read(frame);
      expect({ frame, status }).toEqual({ frame, status: 200 });
      expect(text).toContain(names[brand as keyof typeof names]);
      expect(text).not.toContain('(prefers-color-scheme');
      expect(headers.get('content-security-policy')).not.toContain('script');
    }
  });

  it('has a state of every built-in page, and none leads on to another page', async () => {
    const shown = new Set(
      pageStates.map(({ path }) => new URL(path, 'http://localhost').pathname.replace(/(?<=\/oauth)\/.+/, '')),
    );
    expect([...shown].sort()).toEqual(Object.values(builtInPages).sort());
    for (const { id } of pageStates) expect((await read(`/preview/page/${id}`)).text).toContain('<main');
  });

  it('loads every file that its pages name, in its own brand', async () => {
    const styles = new Set<string>();
    for (const brand of ['demo', 'default', 'acme']) {
      const { text } = await read(`/preview/page/sign-in?brand=${brand}`);
      const files = [...text.matchAll(/(?:href|src)="(\/auth\/assets\/[^"]+)"/g)].map(([, path = '']) => path);
      expect(files.length).toBeGreaterThanOrEqual(3);
      for (const file of files) expect({ file, status: (await read(file)).status }).toEqual({ file, status: 200 });
      const style = files.find((file) => file.includes('/brand-')) ?? '';
      styles.add((await read(style)).text);
    }
    expect(styles.size).toBe(3);
  });
});
