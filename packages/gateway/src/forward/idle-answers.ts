/** An answer of which more is to come. */
export interface IdleAnswer {
  /** How long nothing may come of it; 0 for as long as it likes. */
  readonly idleMilliseconds: number;
  /** Whether something came, or its reader was waited for, since this was asked last. */
  takeMoved(): boolean;
  /** Nothing came for too long. */
  cut(): void;
}

/** Ends answers whose upstream stopped in the middle. */
export interface IdleAnswers {
  watch(answer: IdleAnswer): void;
  forget(answer: IdleAnswer): void;
}

const longestInterval = 1000;

/**
 * Builds the watch. It looks four times within the shortest patience that is asked for, once a second at least, and only
 * while there is an answer to look at. Whether an answer may be silent is known when its head is there, so undici, which
 * has to be told before, is not asked for it.
 */
export function createIdleAnswers(): IdleAnswers {
  /** For how long nothing came, in milliseconds. */
  const silent = new Map<IdleAnswer, number>();
  let timer: NodeJS.Timeout | undefined;
  let interval = longestInterval;
  let lookedAt = 0;

  const look = (): void => {
    timer = undefined;
    const at = performance.now();
    // Of a process that was busy the rest does not count: the answer may be waiting here.
    const passed = Math.min(at - lookedAt, 2 * interval);
    for (const [answer, before] of silent) {
      const now = answer.takeMoved() ? 0 : before + passed;
      silent.set(answer, now);
      if (now <= answer.idleMilliseconds) continue;
      silent.delete(answer);
      answer.cut();
    }
    if (silent.size > 0) schedule();
    else interval = longestInterval;
  };
  const schedule = (): void => {
    lookedAt = performance.now();
    timer = setTimeout(look, interval).unref();
  };

  return {
    watch: (answer) => {
      if (answer.idleMilliseconds === 0) return;
      silent.set(answer, 0);
      const wanted = answer.idleMilliseconds / 4;
      if (timer !== undefined && wanted >= interval) return;
      interval = Math.min(interval, wanted);
      clearTimeout(timer);
      schedule();
    },
    forget: (answer) => void silent.delete(answer),
  };
}
