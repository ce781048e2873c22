import type { BrandDocument } from '@sallyport/nextjs/server';
import type { ReactNode } from 'react';

export interface SiteFooterProps {
  readonly brand: BrandDocument;
  /** What an application says in front of the links. */
  readonly children?: ReactNode;
}

/** The last line of every page. */
export function SiteFooter({ brand: { name, links }, children }: SiteFooterProps) {
  const shown = [
    { label: 'Help', address: links.support },
    { label: 'Terms', address: links.terms },
    { label: 'Privacy', address: links.privacy },
  ];
  return (
    <footer className="mt-auto border-t border-line">
      <div className="page-width flex flex-wrap items-baseline justify-between gap-x-8 gap-y-1 py-6 text-sm text-ink-soft">
        <div>{children ?? name}</div>
        <ul className="flex flex-wrap gap-x-5">
          {shown.map(({ label, address }) =>
            address === null ? null : (
              <li key={label}>
                <a href={address} className="text-link">
                  {label}
                </a>
              </li>
            ),
          )}
        </ul>
      </div>
    </footer>
  );
}
