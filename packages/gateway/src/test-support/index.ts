export { createCookieReader } from '../credentials/session-cookie-reader.ts';
export { readCanonicalRequest, type CanonicalRequest } from '../firewall/canonical-request.ts';
export { foldHeaderName } from '../firewall/fold-header-name.ts';
export { readHeaders } from '../firewall/inbound-headers.ts';
export { createKnownHosts } from '../firewall/known-hosts.ts';
export { findSource } from '../pipeline/request-source.ts';
export { createRouteTable } from '../routing/route-table.ts';
export { createDpopClient, type DpopClient } from './dpop-client.ts';
export { startEchoUpstream, type EchoUpstream } from './echo-upstream.ts';
export { createMachineClient, shakeHands, type MachineClient } from './machine-client.ts';
export { sendRaw } from './raw-client.ts';
export { createTestAuthority, daysFromNow, type TestAuthority, type TestLeaf } from './test-authority.ts';
export { cookie, startTestGateway, type TestGateway } from './test-gateway.ts';
export {
  closeOf,
  handshake,
  openRaw,
  readFrames,
  watchSocket,
  writeFrame,
  type WebSocketClient,
} from './web-socket-client.ts';
export { agreementTo, startWebSocketUpstream, type WebSocketUpstream } from './web-socket-upstream.ts';
