import { execFile } from 'node:child_process';

const patienceMilliseconds = 5_000;
/** A frame of how Node and the gateway came to load a file. */
const frameOfLoading = /^ +at .*(?:[( ]node:|[/\\]import-config\.)/;

/** What is wrong with a configuration file that cannot be loaded. Only the stack says where. */
export async function describeMistake(error: unknown, path: string): Promise<string> {
  if (!(error instanceof Error)) return 'it throws';
  const stack = error.stack ?? error.message;
  // Of an ES module that cannot be parsed Node tells the place to a terminal alone.
  const located = error instanceof SyntaxError && stack.startsWith('SyntaxError') ? await findPlace(path) : undefined;
  const lines = (located ?? stack).split('\n');
  const importedAt = lines.findIndex((line) => /^ +at async importConfig\b/.test(line));
  return lines
    .slice(0, importedAt === -1 ? undefined : importedAt)
    .filter((line) => line !== '' && !frameOfLoading.test(line))
    .join('\n');
}

/** Has Node parse the file, without running it; `undefined` where it finds nothing, such as a mistake of a file that is imported. */
function findPlace(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--check', path],
      // Nothing of the gateway is told to it.
      { env: {}, timeout: patienceMilliseconds },
      (_failure, _output, errors) => resolve(/^.*:\d+\n[\s\S]*?^SyntaxError: .*$/m.exec(errors)?.[0]),
    );
  });
}
