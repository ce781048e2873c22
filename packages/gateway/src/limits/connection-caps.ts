import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { networkOf } from '@sallyport/core';
import { plainAddress } from '../firewall/client-address.ts';

export interface ConnectionCaps {
  /** Connections at the same time. */
  readonly total: number;
  /** Of one address, or one /64 of IPv6. */
  readonly perAddress: number;
  /** Who speaks for many: a proxy that is declared. */
  readonly isExempt: (address: string) => boolean;
}

/** Hangs up on connections beyond the caps, before anything is read from them. */
export function capConnections(server: Server, { total, perAddress, isExempt }: ConnectionCaps): void {
  server.maxConnections = total;
  const open = new Map<string, number>();
  // Of the connection below TLS, so that handshakes count as well.
  server.on('connection', (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress);
    if (isExempt(address)) return;
    const network = networkOf(address);
    const count = (open.get(network) ?? 0) + 1;
    if (count > perAddress) {
      socket.destroy();
      return;
    }
    open.set(network, count);
    socket.once('close', () => {
      const left = (open.get(network) ?? 1) - 1;
      if (left === 0) open.delete(network);
      else open.set(network, left);
    });
  });
}
