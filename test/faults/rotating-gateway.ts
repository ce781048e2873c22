import { createJsonLogger, parseConfig, readEnvironment, startGateway } from '@sallyport/server';
import { quickKeysOf } from './quick-keys.ts';

/* A gateway process whose keys live for seconds: no configuration lets them. Its argument is its configuration. */

const [, , input = '{}'] = process.argv;
const config = { ...parseConfig(JSON.parse(input), 'argument'), keys: quickKeysOf(process.env) };
const logger = createJsonLogger((line) => process.stdout.write(line));
const gateway = await startGateway({ config, environment: readEnvironment(process.env), logger });
logger.info('gateway ready', { event: 'gateway-ready', port: gateway.port, internalPort: gateway.internalPort });
process.once('SIGTERM', () => void gateway.close().then(() => process.exit(0)));
