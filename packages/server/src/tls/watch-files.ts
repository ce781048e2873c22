import { ConfigurationError, type ConfigurationProblem } from '../config/configuration-error.ts';

/** What the files of a certificate hold at present. */
export interface FileLook<Material> {
  /** Absent when they cannot be read. */
  readonly material: Material | undefined;
  readonly problems: readonly ConfigurationProblem[];
  readonly expiresAt: Date;
  /** When operators are told that it ends. @default two weeks before */
  readonly soonAt?: Date;
}

/** The lines of the log about a watched certificate. Each has an event of its own. */
export interface FileWatchLog {
  expiresSoon(fields: ExpiryFields): void;
  expired(fields: ExpiryFields): void;
  replaced(fields: ExpiryFields): void;
  rejected(fields: { readonly problems: string }): void;
}

interface ExpiryFields {
  readonly expiresAt: string;
}

export interface FileWatchOptions<Material> {
  /** Section of the configuration that names the files. */
  readonly section: string;
  /** In front of the words for operators, such as `certificate` in `certificate-expired`. */
  readonly warning: string;
  readonly log: FileWatchLog;
  /** Reads and examines the files. */
  readonly look: (now: Date) => FileLook<Material>;
  /** Tells one state of the files from another. Never logged: it may hold the key. */
  readonly textOf: (material: Material) => string;
  readonly now?: (() => Date) | undefined;
  readonly intervalMilliseconds?: number | undefined;
}

/** What the files held when they could be used last, and what keeps it fresh. */
export interface FileWatch<Material> {
  readonly material: () => Material;
  /** Looks at the files from time to time; what can be used is handed over. */
  start(replace: (material: Material) => void): void;
  /** Words for operators. */
  warnings(): readonly string[];
  stop(): void;
}

const soonMilliseconds = 14 * 86_400_000;
const reminderMilliseconds = 12 * 3_600_000;

/**
 * Loads a certificate, and takes over what takes its place. The files are read again every few seconds: notifications of
 * file systems miss what Kubernetes, network folders and editors do, and small files cost nothing.
 *
 * What cannot be used is reported once it has stayed like that for two looks, so that a file that is half written, or a
 * key that comes a moment after its certificate, raises no alarm. Until then, and ever after, the last good pair serves.
 *
 * @throws ConfigurationError when what is there at the start cannot be used.
 */
export function watchFiles<Material>(options: FileWatchOptions<Material>): FileWatch<Material> {
  const { section, warning, log, look, textOf, now = () => new Date(), intervalMilliseconds = 10_000 } = options;
  const first = look(now());
  if (first.material === undefined || first.problems.length > 0) throw new ConfigurationError(section, first.problems);
  let current = { ...toEnd(first), material: first.material };
  let refusedText: string | undefined;
  let reportedText: string | undefined;
  let remindedAt: number | undefined;
  let hasToldEnd = false;
  let timer: NodeJS.Timeout | undefined;

  const remind = (): void => {
    const time = now().getTime();
    if (time < current.soonAt.getTime()) return;
    const hasEnded = time >= current.expiresAt.getTime();
    const isNews = remindedAt === undefined || time - remindedAt >= reminderMilliseconds || hasEnded !== hasToldEnd;
    if (!isNews) return;
    remindedAt = time;
    hasToldEnd = hasEnded;
    const fields = { expiresAt: current.expiresAt.toISOString() };
    if (hasEnded) log.expired(fields);
    else log.expiresSoon(fields);
  };
  const update = (replace: (material: Material) => void): void => {
    const { material, problems, ...end } = look(now());
    const text = material === undefined ? describe(problems) : textOf(material);
    if (text === textOf(current.material)) {
      refusedText = undefined;
      reportedText = undefined;
    } else if (material !== undefined && problems.length === 0) {
      replace(material);
      current = { ...toEnd(end), material };
      refusedText = undefined;
      reportedText = undefined;
      remindedAt = undefined;
      log.replaced({ expiresAt: current.expiresAt.toISOString() });
    } else if (text !== refusedText) {
      refusedText = text;
    } else if (text !== reportedText) {
      reportedText = text;
      log.rejected({ problems: describe(problems) });
    }
    remind();
  };

  remind();
  return {
    material: () => current.material,
    start: (replace) => {
      timer = setInterval(() => {
        try {
          update(replace);
        } catch (error) {
          log.rejected({ problems: error instanceof Error ? error.name : 'unknown' });
        }
      }, intervalMilliseconds);
      timer.unref();
    },
    warnings: () => {
      const time = now();
      return [
        ...(reportedText === undefined ? [] : [`${warning}-not-replaced`]),
        ...(time >= current.expiresAt
          ? [`${warning}-expired`]
          : time >= current.soonAt
            ? [`${warning}-expires-soon`]
            : []),
      ];
    },
    stop: () => clearInterval(timer),
  };
}

function toEnd({
  expiresAt,
  soonAt,
}: Pick<FileLook<unknown>, 'expiresAt' | 'soonAt'>): Record<'expiresAt' | 'soonAt', Date> {
  return { expiresAt, soonAt: soonAt ?? new Date(expiresAt.getTime() - soonMilliseconds) };
}

function describe(problems: readonly ConfigurationProblem[]): string {
  return problems.map(({ key, problem }) => `${key} ${problem}`).join('; ');
}
