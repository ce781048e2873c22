import { RequestLink } from '../behind-the-door/request-link.tsx';
import type { Attempt } from './attempts.ts';

/** What came back. Without a status, nothing did. */
export interface Answer {
  readonly attempt: Attempt;
  readonly status?: number;
  readonly code?: string;
  readonly title?: string;
  readonly requestId?: string;
}

/** The request line and the problem that answered it (RFC 9457). */
export function AttemptAnswer({ answer }: { readonly answer: Answer }) {
  const { attempt, status, code, title, requestId } = answer;
  return (
    <div className="space-y-3 rounded-control bg-sunken p-4 text-sm">
      <p className="font-mono break-all">
        {attempt.method} {attempt.path}
      </p>
      {status === undefined ? (
        <p className="font-semibold">No answer. Check your connection.</p>
      ) : (
        <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-1">
          <dt className="text-ink-soft">status</dt>
          <dd className={`font-mono font-semibold ${status >= 400 ? 'text-danger' : 'text-outer'}`}>{status}</dd>
          {code === undefined ? null : (
            <>
              <dt className="text-ink-soft">code</dt>
              <dd className="font-mono break-all">
                <a href={`/errors/${code}`} className="text-link">
                  {code}
                </a>
              </dd>
            </>
          )}
          {title === undefined ? null : (
            <>
              <dt className="text-ink-soft">title</dt>
              <dd>{title}</dd>
            </>
          )}
          {requestId === undefined ? null : (
            <>
              <dt className="text-ink-soft">request</dt>
              <dd>
                <RequestLink requestId={requestId} />
              </dd>
            </>
          )}
        </dl>
      )}
      {status === 403 ? (
        <p className="text-ink-soft">You are known, and the answer is still no. That is a 403.</p>
      ) : null}
    </div>
  );
}
