import { writeSync } from 'node:fs';
import { startGateway } from './compose.ts';
import { readEnvironment } from './config/environment.ts';
import { loadConfig } from './config/load-config.ts';
import { createJsonLogger } from './json-logger.ts';
import { createLineWriter } from './line-writer.ts';
import { explainFailure } from './explain-failure.ts';

const lines = createLineWriter({
  write: (text) => process.stdout.write(text),
  onDrain: (resume) => process.stdout.once('drain', resume),
  writeNow: (text) => writeSync(process.stdout.fd, text),
});
const logger = createJsonLogger(lines.write);
process.on('exit', lines.flush);

try {
  const environment = readEnvironment(process.env);
  const { config, isDemo } = await loadConfig(environment, process.cwd());
  const gateway = await startGateway({ config, isDemo, environment, logger });
  logger.info('gateway ready', {
    port: gateway.port,
    internalPort: gateway.internalPort,
    adminPort: gateway.adminPort,
    demo: isDemo,
  });

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
