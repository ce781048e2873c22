/**
 * What a check found. `ok` with a hint is for an operator to know, or to do at leisure. With a `warning` the start goes on
 * and logs it: the deployment works, and is not safe. A `failure` stops the start.
 */
export interface CheckFinding {
  readonly kind: 'ok' | 'warning' | 'failure';
  /** The setting at fault, where there is one. */
  readonly key?: string;
  /** Goes on after `key` where there is one. Never a secret, and never the address of a store. */
  readonly finding: string;
  /** One line: what to do. */
  readonly hint?: string;
  /**
   * Whether a failure may end by itself, as a port does that another gateway holds while it drains. A start that waits for
   * that gateway goes on, and asks again when it has waited.
   */
  readonly mayEndByItself?: boolean;
}

/**
 * A rule that the start of a gateway obeys and `sallyport doctor` runs dry: it opens, makes and changes nothing. The start
 * refuses a failure, so that neither can judge a deployment in another way than the other does.
 */
export interface DoctorCheck<Context> {
  /** What it looks at, such as "mail". */
  readonly name: string;
  /** Resolves to nothing where there is nothing to look at. Rejects for bugs only. */
  readonly run: (context: Context) => readonly CheckFinding[] | Promise<readonly CheckFinding[]>;
}
