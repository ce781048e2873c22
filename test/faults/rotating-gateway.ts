import { createJsonLogger } from '../../apps/gateway/src/json-logger.ts';
import { startGateway } from '../../apps/gateway/src/compose.ts';
import { readEnvironment } from '../../apps/gateway/src/config/environment.ts';
import { parseConfig } from '../../apps/gateway/src/config/parse-config.ts';
import { quickKeysOf } from './quick-keys.ts';

/* A gateway process whose keys live for seconds: no configuration lets them. Its argument is its configuration. */

const [, , input = '{}'] = process.argv;
const config = { ...parseConfig(JSON.parse(input), 'argument'), keys: quickKeysOf(process.env) };
const logger = createJsonLogger((line) => process.stdout.write(line));
const gateway = await startGateway({ config, isDemo: false, environment: readEnvironment(process.env), logger });
logger.info('gateway ready', { port: gateway.port, internalPort: gateway.internalPort });
process.once('SIGTERM', () => void gateway.close().then(() => process.exit(0)));
