import { startGateway } from './compose.ts';
import { readEnvironment } from './config/environment.ts';
import { loadConfig } from './config/load-config.ts';
import { createJsonLogger } from './json-logger.ts';
import { explainFailure } from './explain-failure.ts';

const logger = createJsonLogger((line) => process.stdout.write(line));

try {
  const environment = readEnvironment(process.env);
  const { config, isDemo } = await loadConfig(environment, process.cwd());
  const gateway = await startGateway({ config, isDemo, environment, logger });
  logger.info('gateway ready', { port: gateway.port, internalPort: gateway.internalPort, demo: isDemo });

  const stop = (): void => {
    gateway.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
} catch (error) {
  process.stderr.write(`${explainFailure(error)}\n`);
  process.exit(1);
}
