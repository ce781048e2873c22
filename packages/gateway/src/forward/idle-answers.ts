/** An answer of which more is to come. */
export interface IdleAnswer {
  /** Its place among those that are watched; -1 while it is not. Written by the watch. */
  watchedAt: number;
  /** Milliseconds for which nothing came. Written by the watch. */
  silentMilliseconds: number;
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
  /** Each knows its place: with every answer one is added and taken away, which a set would do slower. */
  const watched: IdleAnswer[] = [];
  let timer: NodeJS.Timeout | undefined;
  let interval = longestInterval;
  let lookedAt = 0;

  const look = (): void => {
    timer = undefined;
    const at = performance.now();
    // Of a process that was busy the rest does not count: the answer may be waiting here.
    const passed = Math.min(at - lookedAt, 2 * interval);
    const silent: IdleAnswer[] = [];
    for (const answer of watched) {
      answer.silentMilliseconds = answer.takeMoved() ? 0 : answer.silentMilliseconds + passed;
      if (answer.silentMilliseconds > answer.idleMilliseconds) silent.push(answer);
    }
    for (const answer of silent) {
      // Another that was cut may have ended it.
      if (answer.watchedAt === -1) continue;
      forget(answer);
      answer.cut();
    }
    if (watched.length > 0) schedule();
    else interval = longestInterval;
  };
  const schedule = (): void => {
    lookedAt = performance.now();
    timer = setTimeout(look, interval).unref();
  };

  const forget = (answer: IdleAnswer): void => {
    const place = answer.watchedAt;
    if (place === -1) return;
    answer.watchedAt = -1;
    const last = watched.pop();
    if (last === undefined || last === answer) return;
    watched[place] = last;
    last.watchedAt = place;
  };

  return {
    watch: (answer) => {
      if (answer.idleMilliseconds === 0) return;
      answer.silentMilliseconds = 0;
      if (answer.watchedAt === -1) answer.watchedAt = watched.push(answer) - 1;
      const wanted = answer.idleMilliseconds / 4;
      if (timer !== undefined && wanted >= interval) return;
      interval = Math.min(interval, wanted);
      clearTimeout(timer);
      schedule();
    },
    forget,
  };
}
