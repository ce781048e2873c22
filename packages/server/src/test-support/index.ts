export { createAgent, type Agent } from './agent.ts';
export { agentRedirectUri, startDocumentHost, type DocumentHost } from './document-host.ts';
export { startIntrospectionGateway, type IntrospectionGateway } from './introspection-gateway.ts';
export { createOAuthBrowser, type OAuthBrowser, type ShownPage } from './oauth-browser.ts';
export { startPlainUpstream, type PlainUpstream } from './plain-upstream.ts';
export { send, startTestGateway, type PlainAnswer, type TestGateway } from './test-gateway.ts';
export { createTestPreset, testAccounts, testPolicy } from './test-preset.ts';
export { testRoutes } from './test-routes.ts';
