export { createAuth } from './auth.ts';
export { createHonoProxy } from './create-hono-proxy.ts';
export { createTokenSigner } from './token-signer.ts';
