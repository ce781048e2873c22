import type { ReactNode } from 'react';
import { Passage } from '@sallyport/ui/passage';

export interface AuthScreenProps {
  readonly title: string;
  readonly lead?: ReactNode;
  /** Whether the picture shows the outer door open. @default true */
  readonly isOpen?: boolean;
  readonly children: ReactNode;
}

/** The page of every form on the way in: the form on one side, the passage on the other. */
export function AuthScreen({ title, lead, isOpen = true, children }: AuthScreenProps) {
  return (
    <div className="mx-auto grid w-full max-w-[80rem] lg:min-h-[calc(100dvh-9rem)] lg:grid-cols-[1.1fr_1fr]">
      <div className="flex items-start justify-center px-4 py-10 sm:px-8 lg:items-center lg:py-14">
        <div className="w-full max-w-[26rem] space-y-7">
          <header className="space-y-2">
            <h1 className="text-title font-semibold">{title}</h1>
            {lead === undefined ? null : <p className="text-ink-soft">{lead}</p>}
          </header>
          {children}
        </div>
      </div>
      <div className="m-4 hidden overflow-hidden rounded-[1.5rem] bg-passage lg:block">
        <Passage isOpen={isOpen} className="size-full" />
      </div>
    </div>
  );
}
