import { readConfiguration } from './configuration.ts';
import { createApplication } from './create-application.ts';

const configuration = readConfiguration(process.env);
const app = await createApplication(configuration);
app.enableShutdownHooks();
await app.listen(configuration.port);
