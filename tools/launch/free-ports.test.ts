import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { checkPort, findFreePorts } from './free-ports.ts';

describe('free ports', () => {
  it('are free, all different, and none that the system gives to connections by itself', async () => {
    const ports = await findFreePorts(30);
    expect(new Set(ports).size).toBe(30);
    for (const port of ports) {
      expect(port).toBeLessThan(32_768);
      expect(await checkPort(port)).toBe('free');
    }
  });

  it('are none on which a server listens', async () => {
    const [port = 0] = await findFreePorts(1);
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    expect(await checkPort(port)).toBe('in-use');
    server.close();
  });
});
