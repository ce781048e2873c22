import { runGateway } from '@sallyport/server';

// Where several workers run, each of them is this program again.
await runGateway();
