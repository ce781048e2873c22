import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { spawnTree } from '../../tools/processes/process-tree.ts';
import { workspaceRoot } from '../../tools/workspace-root.ts';

const minutes = 3;
/** Building, starting the stores, and the longest time in which a fault may leave the system unable to answer. */
const preparationMinutes = 5;

it(
  'a system under random faults loses nothing that it acknowledged',
  { timeout: (minutes + preparationMinutes) * 60_000 },
  async () => {
    const tree = spawnTree(['tools/run.mjs', 'test/faults/soak.ts', '--minutes', String(minutes)], {
      cwd: workspaceRoot,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => tree.terminate(10_000));
    const [output, { code }] = await Promise.all([
      tree.child.stdout === null ? '' : text(tree.child.stdout),
      tree.exited,
    ]);
    expect(output).toMatch(/[1-9]\d* faults survived; [1-9]\d* acknowledged, \d+ unanswered, nothing contradicted/);
    expect(code).toBe(0);
  },
);
