import { ToolFailure } from '../processes/run-tool.ts';
import { StartRefused } from './public-port.ts';
import { ProcessFailure } from './system.ts';

/** Prints why a start did not succeed, with the last lines of the process that failed. */
export function reportStartFailure(error: unknown): void {
  if (error instanceof ProcessFailure) {
    for (const line of error.lastLines) console.error(`  ${line}`);
    console.error(`\n${error.message}. Its whole log: ${error.logFile}`);
  } else if (error instanceof ToolFailure) {
    console.error(`\n${error.output.trimEnd()}\n\n${error.message}.`);
  } else if (error instanceof StartRefused) {
    console.error(error.message);
  } else {
    console.error(error);
  }
}
