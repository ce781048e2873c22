import { createRequire } from 'node:module';
import { OptionsError } from '@sallyport/core';
import type * as socketIo from 'socket.io';
import type * as ws from 'ws';

const require = createRequire(import.meta.url);

/** What an adapter uses of `ws`. */
export type WsPackage = Pick<typeof ws, 'WebSocketServer'>;

/** What an adapter uses of `socket.io`. */
export type SocketIoPackage = Pick<typeof socketIo, 'Server'>;

/** Loads what serves the sockets of one adapter: an application with the other one need not have it installed. */
export function loadPackage(name: 'ws', adapter: string): WsPackage;
export function loadPackage(name: 'socket.io', adapter: string): SocketIoPackage;
export function loadPackage(name: string, adapter: string): unknown {
  try {
    return require(name) as unknown;
  } catch (cause) {
    throw new OptionsError(`${adapter} needs the package ${name}: npm install ${name}`, 'SP_OPTIONS_INVALID', {
      cause,
    });
  }
}
