import { createServer } from 'node:http';
import { OptionsError } from '@sallyport/core';
import { expect, it, onTestFinished } from 'vitest';
import { listen } from './listen.ts';

it('a server listens on a free port where none was asked for', async () => {
  const server = createServer();
  onTestFinished(() => void server.close());
  expect(await listen(server, { host: '127.0.0.1', port: 0 })).toBeGreaterThan(0);
  expect(server.listenerCount('error')).toBe(0);
});

it('a taken port is refused by its number, its address and the name of the listener', async () => {
  const server = createServer();
  onTestFinished(() => void server.close());
  const port = await listen(server, { host: '127.0.0.1', port: 0 });
  const refusal = listen(createServer(), { host: '127.0.0.1', port }, 'the admin listener');
  await expect(refusal).rejects.toThrow(`port ${port} on 127.0.0.1 (the admin listener) is taken`);
  await expect(refusal).rejects.toBeInstanceOf(OptionsError);
  await expect(refusal).rejects.toMatchObject({ code: 'SP_OPTIONS_PORT_UNAVAILABLE' });
});

it('an address that the machine does not have is refused as the system says it', async () => {
  await expect(listen(createServer(), { host: '192.0.2.1', port: 0 })).rejects.toMatchObject({
    code: 'EADDRNOTAVAIL',
  });
});
