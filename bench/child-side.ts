/** What was handed over when this process was started. */
export function readSettings<Settings>(): Settings {
  return JSON.parse(process.argv[2] ?? '{}') as Settings;
}

/**
 * Tells the benchmark that this process is ready, answers its questions one at a time, and ends when it lets go.
 */
export function reportReady(ready: unknown, answer: (question: unknown) => unknown): void {
  process.on('message', (message: { question: unknown }) => {
    void toReply(answer, message.question).then((reply) => process.send?.(reply));
  });
  // `exit`, not a graceful end: a profile is written on exit, and open connections would hold the process.
  process.on('disconnect', () => process.exit(0));
  process.send?.(ready);
}

async function toReply(answer: (question: unknown) => unknown, question: unknown): Promise<object> {
  try {
    return { answer: await answer(question) };
  } catch (cause) {
    return { failure: cause instanceof Error ? cause.message : String(cause) };
  }
}
