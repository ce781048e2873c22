import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { isAlive } from './is-alive.ts';

describe('a process', () => {
  it('lives while it runs', () => {
    expect(isAlive(process.pid)).toBe(true);
  });

  it.each([Number.NaN, 0, -1, 1.5, 2 ** 30])('that cannot be, such as %s, does not live', (pid) => {
    expect(isAlive(pid)).toBe(false);
  });

  it.skipIf(process.platform !== 'linux')('does not live when only its exit status is left of it', async () => {
    // The shell becomes "sleep", which never asks how its child ended. The child lives until then: a shell would ask.
    const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
    try {
      const [chunk] = (await once(parent.stdout, 'data')) as [Buffer];
      const child = Number(chunk.toString());
      await vi.waitFor(() => expect(isAlive(child)).toBe(false));
      expect(() => process.kill(child, 0)).not.toThrow();
    } finally {
      parent.kill('SIGKILL');
    }
  });
});
