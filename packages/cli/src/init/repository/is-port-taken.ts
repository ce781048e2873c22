import { once } from 'node:events';
import { createServer } from 'node:net';

/** This machine alone, every network of IPv4, and of both: a program at one of them does not keep another from the rest. */
const addresses = ['127.0.0.1', '0.0.0.0', '::'];

/** Whether a program listens at a port of this machine now. */
export async function isPortTaken(port: number): Promise<boolean> {
  for (const address of addresses) if (await isAddressTaken(address, port)) return true;
  return false;
}

async function isAddressTaken(address: string, port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, address), 'listening');
    return false;
  } catch (error) {
    // Any other failure, such as a machine without IPv6, says nothing about a listener.
    return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  } finally {
    if (server.listening) await once(server.close(), 'close');
  }
}
