import { parseArgs } from 'node:util';

/** What `npm run bench` was asked for. */
export interface BenchArguments {
  readonly json: boolean;
  readonly quick: boolean;
  readonly list: boolean;
  readonly pairs: number;
  /** Names of benchmarks, or parts of names; empty means all. */
  readonly only: readonly string[];
  /** Folder for CPU profiles of the servers. */
  readonly profile?: string;
}

const defaultPairs = 12;
const quickPairs = 2;

/**
 * Reads the command line.
 *
 * @throws TypeError for unknown options and for numbers that make no sense.
 */
export function parseBenchArguments(commandLine: readonly string[]): BenchArguments {
  const { values } = parseArgs({
    args: [...commandLine],
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      pairs: { type: 'string' },
      profile: { type: 'string' },
      only: { type: 'string', multiple: true, default: [] },
    },
  });
  const { json, quick, list, only, profile } = values;
  return {
    json,
    quick,
    list,
    only,
    pairs: toPairs(values.pairs, quick),
    ...(profile === undefined ? {} : { profile }),
  };
}

function toPairs(text: string | undefined, quick: boolean): number {
  if (text === undefined) return quick ? quickPairs : defaultPairs;
  const pairs = Number(text);
  if (!Number.isInteger(pairs) || pairs < 1)
    throw new TypeError(`--pairs must be a whole number above 0, not "${text}"`);
  return pairs;
}
