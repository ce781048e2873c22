import { describe, expect, it } from 'vitest';
import { createProgress } from './progress.ts';

describe('progress', () => {
  it('prints one plain line for each step where there is no terminal', async () => {
    const output = createOutput(false);
    const progress = createProgress(output);
    await progress.step('Building packages', () => Promise.resolve());
    await progress.step('Building shell', () => Promise.resolve('unchanged'));
    expect(output.text()).toMatch(/^Building packages … \d+\.\d s\nBuilding shell … unchanged\n$/);
    expect(output.text()).not.toContain('\u001B');
  });

  it('says which step failed and passes the failure on', async () => {
    const output = createOutput(false);
    const step = createProgress(output).step('Building shell', () => Promise.reject(new Error('no')));
    await expect(step).rejects.toThrow('no');
    expect(output.text()).toBe('Building shell … failed\n');
  });

  it('draws steps that run side by side below those that have finished, on a terminal', async () => {
    const output = createOutput(true);
    const progress = createProgress(output);
    const first = Promise.withResolvers<void>();
    const second = Promise.withResolvers<void>();
    const steps = [progress.step('first', () => first.promise), progress.step('second', () => second.promise)];
    second.resolve();
    await steps[1];
    first.resolve();
    await steps[0];
    expect(output.screen().map((line) => line.replace(/[\d.]+ s$/, '0 s'))).toEqual(['second … 0 s', 'first … 0 s']);
  });
});

function createOutput(isTTY: boolean) {
  const chunks: string[] = [];
  return {
    isTTY,
    write: (text: string) => chunks.push(text),
    text: () => chunks.join(''),
    /** What a terminal would show: lines, and "move up n, erase below". */
    screen: () => {
      const lines: string[] = [];
      for (const [, up, line] of chunks.join('').matchAll(/\u001B\[(\d+)A\u001B\[0J|(.*)\n/g)) {
        if (up !== undefined) lines.splice(lines.length - Number(up));
        else lines.push(line ?? '');
      }
      return lines;
    },
  };
}
