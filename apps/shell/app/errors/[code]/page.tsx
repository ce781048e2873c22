import { errorCatalog, isErrorCode, type ErrorCatalogEntry } from '@sallyport/core/browser';
import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';

export async function generateMetadata({ params }: PageProps<'/errors/[code]'>): Promise<Metadata> {
  return { title: (await params).code };
}

export default async function ErrorCodePage({ params }: PageProps<'/errors/[code]'>) {
  const { code } = await params;
  if (!isErrorCode(code)) notFound();
  const entry: ErrorCatalogEntry = errorCatalog[code];
  return (
    <article className="page-width max-w-3xl! space-y-8 py-10 lg:py-16">
      <header className="space-y-3">
        <h1 className="text-title font-semibold">{entry.title}</h1>
        <p>
          <code className="font-mono font-medium text-outer">{code}</code>
        </p>
      </header>
      <dl className="grid gap-x-8 gap-y-1 border-t border-line pt-6 sm:grid-cols-[9rem_1fr] sm:gap-y-5 [&>dd]:max-sm:mb-4">
        <dt className="font-semibold">What to do</dt>
        <dd className="text-lg">{entry.hint}</dd>
        <dt className="font-semibold">Status</dt>
        <dd>
          <span className="font-mono">{entry.status}</span>, {meaningOf(entry.status)}
        </dd>
        {entry.challenge === undefined ? null : (
          <>
            <dt className="font-semibold">Challenge</dt>
            <dd>
              <code className="font-mono text-[0.9375rem]">
                WWW-Authenticate: Bearer error=&quot;{entry.challenge}&quot;
              </code>
            </dd>
          </>
        )}
      </dl>
      <p>
        <Link href="/errors" className="text-link">
          All error codes
        </Link>
      </p>
    </article>
  );
}

function meaningOf(status: number): string {
  if (status === 401) return 'we do not know who asks';
  if (status === 403) return 'we know who asks, and the answer is no';
  if (status === 429) return 'too much, too fast';
  if (status === 503) return 'we could not find out, which is our fault';
  if (status >= 500) return 'the fault is on our side';
  return 'the request has to change';
}
