import { errorCatalog } from '@sallyport/core/browser';
import { PageHeading } from '@sallyport/ui/page-heading';
import type { Metadata } from 'next';
import Link from 'next/link';

export const metadata: Metadata = { title: 'Error codes' };

export default function ErrorCodesPage() {
  return (
    <div className="page-width space-y-10 py-10 lg:py-16">
      <PageHeading title="Error codes">
        Every refusal carries one of these codes. The code is the contract; the sentences may change.
      </PageHeading>
      <ul className="divide-y divide-line border-y border-line">
        {Object.entries(errorCatalog).map(([code, { status, title }]) => (
          <li key={code}>
            <Link
              href={`/errors/${code}`}
              prefetch={false}
              className="grid gap-x-6 gap-y-0.5 py-3 hover:bg-sunken sm:grid-cols-[3rem_19rem_1fr] sm:px-3"
            >
              <span className="font-mono text-sm text-ink-soft tabular-nums">{status}</span>
              <code className="font-mono text-sm font-medium text-outer">{code}</code>
              <span>{title}</span>
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}
