import { ToolFailure } from './run-tool.ts';

/** Prints why a command failed, with the output of the tool that did, and makes the exit code 1. */
export function reportFailure(error: unknown): void {
  if (error instanceof ToolFailure) console.error(`\n${error.output.trimEnd()}\n`);
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
