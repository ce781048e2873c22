import { describe, expect, it } from 'vitest';
import { importsOf, listWorkspaces, readSources, resolveRelative } from './source-tree.ts';

describe('imports between files', () => {
  it('run in no circle, and a type-only import counts', () => {
    const circles = [...listWorkspaces(), 'bench', 'test', 'tools'].flatMap((folder) => circlesIn(graphOf(folder)));
    expect(circles.map((files) => files.join(' ↔ '))).toEqual([]);
  });

  it('are found where two files import only a type of each other', () => {
    const graph = new Map([
      ['a.ts', ['b.ts']],
      ['b.ts', ['c.ts']],
      ['c.ts', ['b.ts']],
    ]);
    expect(circlesIn(graph)).toEqual([['b.ts', 'c.ts']]);
  });
});

type Graph = ReadonlyMap<string, readonly string[]>;

function graphOf(folder: string): Graph {
  return new Map(
    readSources(folder).map((source) => [
      source.file,
      importsOf(source)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => resolveRelative(source.file, specifier)),
    ]),
  );
}

/** Strongly connected components of more than one file (Tarjan), each sorted by name. */
function circlesIn(graph: Graph): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];
  const visit = (file: string): number => {
    const index = order.size;
    order.set(file, index);
    stack.push(file);
    let low = index;
    for (const imported of graph.get(file) ?? []) {
      if (!order.has(imported)) low = Math.min(low, visit(imported));
      else if (stack.includes(imported)) low = Math.min(low, lowest.get(imported) ?? order.get(imported) ?? low);
      lowest.set(file, low);
    }
    lowest.set(file, low);
    if (low === index) {
      const component = stack.splice(stack.indexOf(file));
      if (component.length > 1) circles.push(component.sort());
    }
    return low;
  };
  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return circles;
}
