import Link from 'next/link';
import { buttonClass } from '@sallyport/ui/button';
import { productsUrl, type ProductView } from './product.ts';

interface PagingProps {
  readonly view: ProductView;
  readonly page: number;
  readonly pageSize: number;
  readonly total: number;
}

/** Steps through the list; nothing when everything is on one page. */
export function Paging({ view, page, pageSize, total }: PagingProps) {
  const pages = Math.max(1, Math.ceil(total / pageSize));
  if (pages === 1 && page === 1) return null;
  return (
    <nav aria-label="Pages of products" className="flex items-center justify-between gap-4">
      <Step view={view} to={page - 1} pages={pages} words="Previous" />
      <p className="text-sm text-ink-soft tabular-nums">
        Page {page} of {pages}
      </p>
      <Step view={view} to={page + 1} pages={pages} words="Next" />
    </nav>
  );
}

interface StepProps {
  readonly view: ProductView;
  readonly to: number;
  readonly pages: number;
  readonly words: string;
}

function Step({ view, to, pages, words }: StepProps) {
  const look = buttonClass({ size: 'small' });
  if (to < 1 || to > pages) return <span className={`${look} invisible`}>{words}</span>;
  return (
    <Link href={productsUrl(view, to)} className={look}>
      {words}
      <span className="sr-only"> page of products</span>
    </Link>
  );
}
