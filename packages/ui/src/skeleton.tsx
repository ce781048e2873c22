import { classNames } from './class-names.tsx';

export interface SkeletonProps {
  /** What is on its way, for those who hear the page. */
  readonly label: string;
  /** Rows of the list that it stands for. */
  readonly rows: number;
}

/** Holds the place of a list while the server waits for it: the page around it is there, and does not jump when it comes. */
export function ListSkeleton({ label, rows }: SkeletonProps) {
  return (
    <div>
      <p role="status" className="sr-only">
        {label}
      </p>
      <div aria-hidden="true" className="space-y-6">
        <div className="flex min-h-10 items-center">
          <Bar className="w-28" />
        </div>
        <ul className="divide-y divide-line rounded-card border border-line bg-surface">
          {Array.from({ length: rows }, (_, row) => (
            <li key={row} className="flex items-start justify-between gap-6 px-5 py-4">
              <div className="w-full space-y-2.5 py-1">
                <Bar className={row % 2 === 0 ? 'w-2/5' : 'w-1/3'} />
                <Bar className="w-3/5 opacity-60" />
              </div>
              <Bar className="mt-1 w-14" />
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

function Bar({ className }: { readonly className: string }) {
  return (
    <div
      className={classNames(
        'h-3.5 animate-[glimmer_1.6s_ease-in-out_infinite] rounded-full bg-sunken forced-colors:border',
        className,
      )}
    />
  );
}
