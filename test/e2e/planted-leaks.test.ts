import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { agreementTo, writeFrame } from '@sallyport/gateway/test-support';
import { launchBrowser } from './browser.ts';
import { placesBesideCookies, placesOf, whereIs, type SeenByBrowser } from './leak-scan.ts';
import { readPageStores } from './page-stores.ts';
import { openRecorder, type Recorder } from './recorder.ts';
import type { StoredText } from './stored-texts.ts';

/**
 * The scans of `nothing-leaks`, tested by a site that leaks at each place: a scan that finds nothing there proves nothing.
 */
interface Plant {
  /** Where the scan must find it. */
  readonly place: string;
  /** Runs in the page, with the canary. */
  readonly inPage?: (canary: string) => unknown;
  /** What the site does when the page asks for it, with the canary. */
  readonly onServer?: (canary: string, response: ServerResponse) => void;
}

const plants: Readonly<Record<string, Plant>> = {
  'a header': {
    place: 'headers /a-header',
    onServer: (canary, response) => response.setHeader('x-leak', canary).end(),
  },
  'a body': { place: 'body /a-body', onServer: (canary, response) => response.end(`{"token":"${canary}"}`) },
  'a trailer': {
    place: 'headers /a-trailer',
    onServer: (canary, response) => {
      response.setHeader('trailer', 'x-leak').write('body');
      response.addTrailers({ 'x-leak': canary });
      response.end();
    },
  },
  'an interim answer': {
    place: 'headers /an-interim-answer',
    onServer: (canary, response) => {
      response.writeEarlyHints({ link: `</${canary}>; rel=preload; as=style` });
      response.end();
    },
  },
  'a header of an event stream that never ends': {
    place: 'headers /a-header-of-an-event-stream-that-never-ends',
    onServer: (canary, response) =>
      response.writeHead(200, { 'content-type': 'text/event-stream', 'x-leak': canary }).flushHeaders(),
  },
  'an event of a stream that never ends': {
    place: 'body /an-event-of-a-stream-that-never-ends',
    onServer: (canary, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      // In two pieces, as a network may deliver it.
      response.write(`data: ${canary.slice(0, 6)}`);
      response.write(`${canary.slice(6)}\n\n`);
    },
  },
  'a redirect': {
    place: 'headers /a-redirect',
    onServer: (canary, response) => response.writeHead(302, { location: `/landed?token=${canary}` }).end(),
  },
  'the address of a request': { place: 'address /asked?token=', inPage: (canary) => fetch(`/asked?token=${canary}`) },
  'a header of a request': {
    place: 'request headers /asked',
    inPage: (canary) => fetch('/asked', { headers: { 'x-leak': canary } }),
  },
  localStorage: { place: 'localStorage', inPage: (canary) => localStorage.setItem('token', canary) },
  sessionStorage: { place: 'sessionStorage', inPage: (canary) => sessionStorage.setItem('token', canary) },
  'a cookie that scripts read': { place: 'cookies', inPage: (canary) => (document.cookie = `token=${canary}`) },
  'a cookie of another path': {
    place: 'cookies',
    inPage: (canary) => (document.cookie = `deep=${canary}; path=/elsewhere`),
  },
  IndexedDB: {
    place: 'IndexedDB',
    inPage: (canary) =>
      new Promise((resolve) => {
        const opening = indexedDB.open('tokens');
        opening.onupgradeneeded = () => opening.result.createObjectStore('kept');
        opening.onsuccess = () => {
          const writing = opening.result.transaction('kept', 'readwrite');
          writing.objectStore('kept').put({ deep: [{ token: canary }] }, 'one');
          writing.oncomplete = () => (opening.result.close(), resolve(true));
        };
      }),
  },
  'bytes in IndexedDB': {
    place: 'IndexedDB',
    inPage: (canary) =>
      new Promise((resolve) => {
        const opening = indexedDB.open('bytes');
        opening.onupgradeneeded = () => opening.result.createObjectStore('kept');
        opening.onsuccess = () => {
          const writing = opening.result.transaction('kept', 'readwrite');
          writing.objectStore('kept').put(new Map([['x', new TextEncoder().encode(canary)]]), 'one');
          writing.oncomplete = () => (opening.result.close(), resolve(true));
        };
      }),
  },
  'a body in Cache storage': {
    place: 'Cache storage',
    inPage: async (canary) => (await caches.open('bodies')).put('/kept', new Response(canary)),
  },
  'a header in Cache storage': {
    place: 'Cache storage',
    inPage: async (canary) =>
      (await caches.open('headers')).put('/kept', new Response('', { headers: { 'x-leak': canary } })),
  },
  'a private file': {
    place: 'private files',
    inPage: async (canary) => {
      const folder = await navigator.storage.getDirectory();
      const writer = await (await folder.getFileHandle('token', { create: true })).createWritable();
      await writer.write(canary);
      await writer.close();
    },
  },
  'the history of a router': { place: 'history', inPage: (canary) => history.replaceState({ token: canary }, '') },
  'the name of the window': { place: 'name of the window', inPage: (canary) => (window.name = canary) },
  'the document': { place: 'document', inPage: (canary) => (document.body.dataset['token'] = canary) },
  'the console': { place: 'console', inPage: (canary) => console.info(canary) },
  'the address of the page': {
    place: 'address',
    inPage: (canary) => history.replaceState(history.state, '', `#${canary}`),
  },
};

const canaryOf = (name: string): string => `canary-${Buffer.from(name).toString('hex')}-end`;
const pathOf = (name: string): string => `/${name.replaceAll(' ', '-')}`;

let recorder: Recorder;
let site: Site;
let seen: SeenByBrowser;

beforeAll(async () => {
  [recorder, site] = await Promise.all([openRecorder(), startLeakySite()]);
  recorder.forwardTo(site.port);
  seen = await visit(`http://localhost:${recorder.port}/`, recorder);
});
afterAll(async () => {
  await recorder.close();
  await site.close();
});

describe('the scan for leaks', () => {
  it.each(Object.entries(plants).map(([name, { place }]) => ({ name, place })))(
    'finds what leaks by $name',
    async ({ name, place }) => {
      const found = (): readonly string[] =>
        whereIs(canaryOf(name), placesOf(seen)).filter((one) => one.startsWith(place));
      await expect.poll(found).not.toEqual([]);
    },
  );

  it.each(['server', 'client'])('finds what leaks by a WebSocket, whose frames the %s sends', (side) => {
    const found = whereIs(canaryOf(`frames of the ${side}`), placesBesideCookies(seen));
    expect(found).toEqual([`${side === 'server' ? 'body' : 'request body'} /socket`]);
  });

  it('finds what leaks by the answer to a handshake', () => {
    expect(whereIs(canaryOf('handshake'), placesOf(seen))).toEqual(['headers /socket']);
  });

  it('finds nothing of what is nowhere', () => {
    expect(whereIs(canaryOf('nothing of the kind'), placesOf(seen))).toEqual([]);
  });
});

interface Site {
  readonly port: number;
  close(): Promise<void>;
}

async function startLeakySite(): Promise<Site> {
  const byPath = new Map(
    Object.entries(plants).flatMap(([name, { onServer }]) =>
      onServer === undefined ? [] : [[pathOf(name), { name, onServer }] as const],
    ),
  );
  const sockets = new Set<Duplex>();
  const server = createServer((request, response) => {
    const planted = byPath.get(request.url ?? '');
    if (planted === undefined) response.setHeader('content-type', 'text/html').end('<!doctype html><body>');
    else planted.onServer(canaryOf(planted.name), response);
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    socket.write(agreementTo(request, [`X-Leak: ${canaryOf('handshake')}`]));
    const text = canaryOf('frames of the server');
    socket.write(writeFrame(text.slice(0, 9), { isFinal: false }));
    socket.write(writeFrame(text.slice(9), { opcode: 0 }));
    sockets.add(socket);
    socket.on('error', () => {});
    socket.resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Plants everything, and looks at it while the streams are still open. */
async function visit(url: string, { exchanges }: Recorder): Promise<SeenByBrowser> {
  const browser = await launchBrowser();
  try {
    const page = await (await browser.newContext()).newPage();
    const said: StoredText[] = [];
    page.on('console', (message) => said.push({ place: 'console', text: message.text() }));
    await page.goto(url);
    for (const [name, { inPage, onServer }] of Object.entries(plants)) {
      if (onServer !== undefined) await page.evaluate(ask, pathOf(name));
      if (inPage !== undefined) await page.evaluate(inPage, canaryOf(name));
    }
    await page.evaluate(speak, canaryOf('frames of the client'));
    await vi.waitFor(() => {
      const found = whereIs(canaryOf('frames of the client'), placesBesideCookies(seenIn([])));
      if (found.length === 0) throw new Error('the frame has not come yet');
    });
    const keptByPages = [...(await readPageStores(page)), ...said];
    return { ...seenIn(keptByPages), documents: [{ place: 'document', text: await page.content() }] };
  } finally {
    await browser.close();
  }

  function seenIn(keptByPages: readonly StoredText[]): SeenByBrowser {
    return { exchanges, keptByPages, documents: [] };
  }
}

/** Asks as a script would. What never ends is left open, and is seen as it comes. */
async function ask(path: string): Promise<void> {
  const response = await fetch(path);
  if (response.headers.get('content-type') !== 'text/event-stream') await response.text();
}

function speak(text: string): Promise<unknown> {
  return new Promise((resolve) => {
    const socket = new WebSocket('/socket');
    socket.addEventListener('message', () => resolve(socket.send(text)));
  });
}
