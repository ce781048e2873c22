import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { checkPort, findFreePorts } from './free-ports.ts';
import { parsePort, requireFreePort } from './public-port.ts';

describe('the port of the gateway', () => {
  it.each([
    { text: undefined, port: 3000 },
    { text: '', port: 3000 },
    { text: '3100', port: 3100 },
  ])('is $port when PORT is $text', ({ text, port }) => {
    expect(parsePort(text)).toBe(port);
  });

  it.each(['0', '65536', '-1', '3.5', '3e3', ' 3000', '0x10', 'http', '٣٠٠٠'])('cannot be %j', (text) => {
    expect(() => parsePort(text)).toThrow('PORT must be a whole number from 1 to 65535');
  });

  it('is refused by number when another program has it, with the way to choose another', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    await expect(requireFreePort(port)).rejects.toThrow(
      new RegExp(`^Port ${port} is in use by another program\\. Choose another: npm start -- --port \\d+$`),
    );
    server.close();
    await once(server, 'close');
    await expect(requireFreePort(port)).resolves.toBeUndefined();
  });
});

describe('free ports', () => {
  it('are all different and can be opened', async () => {
    const ports = await findFreePorts(20);
    expect(new Set(ports).size).toBe(20);
    expect(await Promise.all(ports.map(checkPort))).toEqual(ports.map(() => 'free'));
  });
});
