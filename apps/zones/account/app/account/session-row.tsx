import { Laptop, Smartphone } from 'lucide-react';
import type { ShownSession } from '@sallyport/nextjs/client';
import { Button } from '@sallyport/ui/button';
import { RelativeTime } from '@sallyport/ui/relative-time';
import { SignOutButton } from '@sallyport/ui/sign-out-button';
import { nameOf } from './session.ts';
import { methodWords } from './sign-in-words.ts';

interface SessionRowProps {
  readonly session: ShownSession;
  readonly isEnding: boolean;
  readonly onEnd: () => void;
}

/** One device on which the user is signed in. */
export function SessionRow({ session, isEnding, onEnd }: SessionRowProps) {
  const { current, system, address, createdAt, lastActiveAt, amr } = session;
  const name = nameOf(session);
  const Icon = /ios|android|iphone|ipad/i.test(system) ? Smartphone : Laptop;
  return (
    <li
      aria-busy={isEnding}
      className={`flex flex-wrap items-center gap-x-4 gap-y-3 p-5 transition-opacity ${isEnding ? 'opacity-60' : ''}`}
    >
      <span className="grid size-11 shrink-0 place-items-center rounded-full bg-sunken text-ink-soft">
        <Icon aria-hidden="true" className="size-5" />
      </span>
      <div className="min-w-0 flex-1 basis-56">
        <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1 font-semibold">
          {name}
          {current ? (
            <span className="rounded-full bg-outer-tint px-2.5 py-0.5 text-[0.8125rem] font-medium text-outer">
              This device
            </span>
          ) : null}
        </p>
        <p className="text-[0.9375rem] text-ink-soft">
          Last seen <RelativeTime iso={lastActiveAt} /> · from <span className="inline-block break-all">{address}</span>
        </p>
        <p className="text-sm text-ink-soft">
          First seen <RelativeTime iso={createdAt} />, signed in {methodWords(amr)}
        </p>
      </div>
      {/* On a phone it stands below the words that it belongs to. */}
      <div className="max-sm:w-full max-sm:pl-15">
        {current ? (
          <SignOutButton size="small" />
        ) : (
          <Button size="small" isPending={isEnding} onClick={onEnd}>
            Sign out<span className="sr-only"> {name}</span>
          </Button>
        )}
      </div>
    </li>
  );
}
