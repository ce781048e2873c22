import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { watchGateway } from './gateway-watch.ts';
import { untilAnswering } from './until-answering.ts';

const readyLine = '{"level":"info","event":"gateway-ready","port":3000}';

function watched() {
  let reloads = 0;
  const watch = watchGateway(() => ({ reload: () => (reloads += 1) }));
  return { ...watch, reloads: () => reloads };
}

describe('a gateway under sallyport dev', () => {
  it('is not asked to reload before it is ready, which would end it, and once as soon as it is', () => {
    const { reload, reloads, onLine } = watched();
    reload();
    reload();
    expect(reloads()).toBe(0);
    onLine(readyLine);
    expect(reloads()).toBe(1);
    reload();
    expect(reloads()).toBe(2);
  });

  it('says where its mailbox is', async () => {
    const { ready, onLine } = watched();
    onLine('{"event":"mailbox-ready","url":"http://127.0.0.1:3025","port":3025}');
    onLine(readyLine);
    expect(await ready).toEqual({ mailboxUrl: 'http://127.0.0.1:3025' });
  });

  it.each(['', 'gateway-ready', '{', '{"event":7}', 'null', '[{"event":"gateway-ready"}]', '{"event":"request"}'])(
    'is not ready for the line %s',
    (line) => {
      const { reload, reloads, onLine } = watched();
      reload();
      onLine(line);
      expect(reloads()).toBe(0);
    },
  );
});

it('what is waited for answers, or the wait is stopped', async () => {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo; // It listens on TCP.
  const origin = `http://127.0.0.1:${port}`;
  await untilAnswering([origin, origin], new AbortController().signal);
  server.close();
  await once(server, 'close');
  const stopping = new AbortController();
  const waiting = untilAnswering([origin], stopping.signal);
  expect(await Promise.race([waiting.then(() => 'over'), setImmediate('pending')])).toBe('pending');
  stopping.abort();
  await waiting;
});
