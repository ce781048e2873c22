/** For cases that start processes, or write hundreds of rows to a disk, on a machine that does other things as well. */
export const slowCaseMilliseconds = 120_000;
