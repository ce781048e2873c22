import { runCommandLine } from './run.ts';

const args = process.argv.slice(2);

// A reader that goes away, such as "head", is no fault of a command. A gateway without its log is to be started again, and what
// runs beside it is to end with it.
if (args[0] !== 'start' && args[0] !== 'dev')
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 3));

// A gateway drains, and what runs beside it ends with it: those two say so themselves.
if (args[0] !== 'start' && args[0] !== 'dev')
  process.once('SIGINT', () => {
    process.stderr.write('\nStopped by Ctrl-C. What the command had finished by then stays.\n');
    process.exit(130);
  });

process.exitCode = await runCommandLine(args, {
  environment: process.env,
  workingFolder: process.cwd(),
  input: process.stdin,
  output: process.stdout,
  errors: process.stderr,
});
// Standard input would keep the process waiting for more.
process.stdin.destroy();
