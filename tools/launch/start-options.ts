import { parseArgs } from 'node:util';

export interface StartOptions {
  readonly json: boolean;
  readonly help: boolean;
}

export const startHelp = `Builds Sallyport and runs all of it on this machine.

  npm start              show a table when everything answers
  npm start -- --json    print the same as one JSON line on stdout
  npm start -- --help    this text

  PORT=3100 npm start    serve another port than 3000
  SALLYPORT_DATA_DIR     folder of accounts, keys and logs (default: .sallyport)

Ctrl-C stops everything; a second Ctrl-C stops it at once.`;

/**
 * Reads the arguments of `npm start`.
 *
 * @throws TypeError that names an unknown option.
 */
export function parseStartOptions(commandLine: readonly string[]): StartOptions {
  const { values } = parseArgs({
    args: [...commandLine],
    options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
    strict: true,
    allowPositionals: false,
  });
  return { json: values.json, help: values.help };
}
