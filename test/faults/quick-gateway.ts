import { fileURLToPath } from 'node:url';
import { sourcesOf, startGatewayProcess, type GatewayProcess } from '../processes/gateway-process.ts';

/** Starts a gateway whose keys may live for seconds, with a configuration, and waits until it serves. */
export function startQuickGateway(
  config: object,
  environment: Readonly<Record<string, string>>,
): Promise<GatewayProcess> {
  return startGatewayProcess({
    command: [...sourcesOf(fileURLToPath(new URL('rotating-gateway.ts', import.meta.url))), JSON.stringify(config)],
    environment: { PATH: process.env['PATH'], ...environment },
  });
}
