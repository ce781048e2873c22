import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Which processor core each process of a benchmark gets. Absent cores mean that processes are not pinned. */
export interface Cores {
  /** For the server under test, alone. */
  readonly server?: number;
  readonly load?: number;
  readonly upstream?: number;
  /** One line for people. */
  readonly description: string;
}

/** Chooses the cores: the last one for the server, the others for the load and the upstream. */
export function chooseCores(): Cores {
  const model = `${cpus()[0]?.model.trim() ?? 'unknown processor'}, Node ${process.versions.node}`;
  const allowed = allowedCores();
  if (!hasTaskset()) return { description: `${model}; not pinned: taskset is not available here` };
  const [load, ...others] = allowed;
  const server = others.at(-1);
  if (load === undefined || server === undefined) {
    return { description: `${model}; not pinned: only one core` };
  }
  const upstream = others.length > 1 ? (others[0] ?? load) : load;
  return {
    server,
    load,
    upstream,
    description: `${model}; server on core ${server}, load on core ${load}, upstream on core ${upstream}`,
  };
}

/** The command line that runs a program on a core, or anywhere when there is none. */
export function pinnedCommand(core: number | undefined, command: readonly string[]): readonly string[] {
  return core === undefined ? command : ['taskset', '-c', String(core), ...command];
}

function hasTaskset(): boolean {
  return process.platform === 'linux' && spawnSync('taskset', ['-V']).status === 0;
}

/** The cores that this process may use, which in a container need not begin at zero. */
function allowedCores(): readonly number[] {
  if (process.platform !== 'linux') return [];
  const list = /^Cpus_allowed_list:\s*(.+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  return parseCoreList(list);
}

/** Reads a list such as `0-2,5`. */
export function parseCoreList(list: string): readonly number[] {
  return list.split(',').flatMap((part) => {
    const [first, last = first] = part.split('-').map(Number);
    if (first === undefined || last === undefined || Number.isNaN(first) || Number.isNaN(last)) return [];
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
