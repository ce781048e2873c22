import { defaultClientConditions, defineConfig, loadEnv } from 'vite';

/** No script of others, no style of others, and no address but the gateway's: what an injected script could use is little. */
function policyFor(gateway: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    'img-src data:',
    `connect-src ${gateway}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ');
}

export default defineConfig(({ mode }) => {
  const { VITE_GATEWAY: gateway = 'http://localhost:3000' } = loadEnv(mode, import.meta.dirname);
  return {
    // In this repository the client is read from its sources; elsewhere there is no such condition.
    resolve: { conditions: ['@sallyport/source', ...defaultClientConditions] },
    server: { host: 'localhost', port: 5173, strictPort: true },
    preview: {
      host: 'localhost',
      port: 5173,
      strictPort: true,
      // What serves the page in production has to send the same.
      headers: { 'content-security-policy': policyFor(gateway), 'referrer-policy': 'no-referrer' },
    },
    build: { outDir: 'dist/page', modulePreload: { polyfill: false } },
  };
});
