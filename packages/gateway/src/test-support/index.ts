export { startEchoUpstream, type EchoUpstream } from './echo-upstream.ts';
export { sendRaw } from './raw-client.ts';
export { cookie, startTestGateway, type TestGateway } from './test-gateway.ts';
export { closeOf, handshake, openRaw, type WebSocketClient } from './web-socket-client.ts';
export { startWebSocketUpstream, type WebSocketUpstream } from './web-socket-upstream.ts';
