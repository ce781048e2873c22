/* Loaded before the gateway, with `--expose-gc`: tells what its heap holds when nothing is left that could be collected. */

/** What is alive. */
export interface HeapReport {
  readonly heapBytes: number;
  /** Buffers and the like, which are outside the heap. */
  readonly externalBytes: number;
  readonly residentBytes: number;
}

process.on('message', () => {
  // What is only reachable through what the first collection finalized goes with the second.
  for (let round = 0; round < 3; round += 1) globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  process.send?.({ heapBytes: heapUsed, externalBytes: external, residentBytes: rss } satisfies HeapReport);
});
