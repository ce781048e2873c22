import type { SubmissionProblem } from '@sallyport/ui/submission-problem';
import { Button } from '@sallyport/ui/button';
import { ProblemNotice } from '@sallyport/ui/problem-notice';

export interface ProblemAndNewsProps {
  readonly problem: SubmissionProblem | undefined;
  /** What was done last, in a sentence; empty for nothing. */
  readonly news: string;
  /** Reads anew what could not be read; absent where something is shown already. */
  readonly onRetry: (() => void) | undefined;
}

/** What went wrong, and what was done, above a list of the account. */
export function ProblemAndNews({ problem, news, onRetry }: ProblemAndNewsProps) {
  return (
    <>
      {problem === undefined ? null : (
        <ProblemNotice problem={problem}>
          {onRetry === undefined ? null : (
            <Button size="small" onClick={onRetry}>
              Try again
            </Button>
          )}
        </ProblemNotice>
      )}
      <p role="status" className={news === '' ? 'sr-only' : 'font-medium text-outer'}>
        {news}
      </p>
    </>
  );
}
