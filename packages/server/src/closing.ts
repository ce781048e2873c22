/** What has to be closed again, in reverse order of opening. */
export interface Closing {
  push(step: CloseStep): void;
  /** Closes everything once. */
  close(): Promise<void>;
}

/** Closes one thing that was opened. */
export type CloseStep = () => Promise<void> | void;

/** Begins an empty list of what has to be closed. */
export function createClosing(): Closing {
  const steps: CloseStep[] = [];
  return {
    push: (step) => {
      steps.push(step);
    },
    async close() {
      for (const step of steps.splice(0).reverse()) await step();
    },
  };
}
