/** Plain values of a log line. */
type LogValues = Readonly<Record<string, string | number | boolean | undefined>>;

/** Fields of a log line: an allow-list of plain values, never a URL, a header or a body. */
export type LogFields = LogValues & {
  /** The stable name of what happened, for searches and alerts: the text may change, this does not. */
  readonly event: string;
};

/** Where a library writes. The text of a line is constant; what varies is in the fields. */
export interface Logger {
  info(message: string, fields: LogFields): void;
  warn(message: string, fields: LogFields): void;
  error(message: string, fields: LogFields): void;
}

/** Drops everything: the default of libraries and of tests. */
export const silentLogger: Logger = { info: () => {}, warn: () => {}, error: () => {} };
