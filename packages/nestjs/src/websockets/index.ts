export { SallyportIoAdapter, type IoGatewayOptions } from './sallyport-io-adapter.ts';
export { SallyportWsAdapter, type WsGatewayOptions } from './sallyport-ws-adapter.ts';
export type { SallyportSocketOptions } from './socket-options.ts';
