import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { RouteInput } from '@sallyport/core';
import type { GatewayOptions } from '../gateway-options.ts';
import { startEchoUpstream, type EchoUpstream } from '../test-support/echo-upstream.ts';
import { startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

export const settled = { timeout: 10_000, interval: 20 };
const closing: (() => Promise<unknown>)[] = [];

/** Two targets that answer with their names. */
export async function startTwoTargets(): Promise<readonly [first: EchoUpstream, second: EchoUpstream]> {
  const [first, second] = [await startEchoUpstream(), await startEchoUpstream()];
  first.answer = (_, response) => response.end('first');
  second.answer = (_, response) => response.end('second');
  closing.push(
    () => first.close(),
    () => second.close(),
  );
  return [first, second];
}

/** Closes this with the rest. */
export function closeAfterwards(close: () => Promise<unknown>): void {
  closing.push(close);
}

/** A gateway with one public route of these targets. */
export async function gatewayTo(
  upstream: string | readonly string[],
  route: Partial<RouteInput> = {},
  options: Partial<GatewayOptions> = {},
): Promise<TestGateway> {
  const gateway = await startTestGateway({
    moreRoutes: [
      { name: 'many', prefix: '/many', access: 'public', upstream: upstream as string | string[], ...route },
      { name: 'same', prefix: '/same', access: 'public', upstream: upstream as string | string[] },
    ],
    ...options,
  });
  closing.push(() => gateway.close());
  return gateway;
}

/** A server that does with each connection what it is told, below HTTP. */
export async function startRawUpstream(serve: (socket: Socket, request: string) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => serve(socket, bytes.toString('latin1')));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An address at which no server listens any more. */
export async function deadOrigin(): Promise<string> {
  const upstream = await startEchoUpstream();
  await upstream.close();
  return upstream.origin;
}

/** Closes what was started since the last time. */
export async function closeTargets(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close();
}
