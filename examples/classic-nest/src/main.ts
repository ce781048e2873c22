import { configuration } from './configuration.ts';
import { createApplication } from './create-application.ts';

const app = await createApplication();
app.enableShutdownHooks();
await app.listen(configuration().port);
