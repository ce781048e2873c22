export interface Progress {
  /**
   * Shows a step while it runs and how long it took. A step that resolves to a text shows the text instead of the time.
   */
  step(label: string, work: () => Promise<string | void>): Promise<void>;
}

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

interface ActiveStep {
  readonly label: string;
  readonly startedAt: number;
}

/** Shows steps: live lines on a terminal, one plain line for each finished step elsewhere. */
export function createProgress(output: Output): Progress {
  const isLive = output.isTTY === true;
  const active = new Set<ActiveStep>();
  let drawnLines = 0;
  let timer: NodeJS.Timeout | undefined;

  const erase = () => {
    if (drawnLines > 0) output.write(`\u001B[${drawnLines}A\u001B[0J`);
    drawnLines = 0;
  };
  const draw = () => {
    if (!isLive) return;
    for (const { label, startedAt } of active) output.write(`${label} … ${seconds(startedAt)}\n`);
    drawnLines = active.size;
  };
  const redraw = () => {
    erase();
    draw();
  };

  return {
    async step(label, work) {
      const step = { label, startedAt: performance.now() };
      active.add(step);
      redraw();
      if (isLive) timer ??= setInterval(redraw, 200).unref();
      let result = 'failed';
      try {
        result = (await work()) ?? seconds(step.startedAt);
      } finally {
        active.delete(step);
        erase();
        output.write(`${label} … ${result}\n`);
        draw();
        if (active.size === 0) {
          clearInterval(timer);
          timer = undefined;
        }
      }
    },
  };
}

function seconds(startedAt: number): string {
  return `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
}
