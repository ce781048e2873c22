import { runCommandLine } from './run.ts';

// A reader that goes away, such as "head", is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 3));

process.exitCode = await runCommandLine(process.argv.slice(2), {
  environment: process.env,
  workingFolder: process.cwd(),
  input: process.stdin,
  output: process.stdout,
  errors: process.stderr,
});
// Standard input would keep the process waiting for more.
process.stdin.destroy();
