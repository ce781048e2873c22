/** What a step took, and what is to be known of it. */
export interface Step {
  readonly name: string;
  readonly seconds: number;
  readonly notes: readonly string[];
}

/** Takes the time of steps, in the order in which they are done. */
export interface StepClock {
  /** Runs a step; `note` adds a figure, such as a size. */
  take<Result>(name: string, work: (note: (text: string) => void) => Promise<Result>): Promise<Result>;
  /** One line for each step that was done, and one for their sum. */
  lines(): readonly string[];
}

/** Starts with no step. */
export function createStepClock(now: () => number = Date.now): StepClock {
  const steps: Step[] = [];
  return {
    async take(name, work) {
      const notes: string[] = [];
      const begun = now();
      try {
        return await work((text) => void notes.push(text));
      } finally {
        steps.push({ name, seconds: (now() - begun) / 1000, notes });
      }
    },
    lines() {
      const total = steps.reduce((sum, { seconds }) => sum + seconds, 0);
      return [...steps, { name: 'All', seconds: total, notes: [] }].map(
        ({ name, seconds, notes }) => `${seconds.toFixed(1).padStart(7)} s  ${[name, ...notes].join(', ')}`,
      );
    },
  };
}

/** A size as people read it. */
export function showBytes(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
