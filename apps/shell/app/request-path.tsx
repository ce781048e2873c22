import { Cookie, KeyRound, MonitorSmartphone, Server } from 'lucide-react';
import type { ReactNode } from 'react';
import { BrandMark } from '@sallyport/ui/brand-mark';

/**
 * The picture of the product: a request reaches the gateway with a cookie and leaves it with a token.
 * It walks once, and again for as long as the pointer is over it: nothing moves on its own for longer than five seconds.
 */
export function RequestPath() {
  return (
    <ol className="group grid items-stretch gap-y-3 lg:grid-cols-[1fr_9rem_1.15fr_9rem_1fr]">
      <Station icon={<MonitorSmartphone aria-hidden="true" className="size-5" />} title="The browser">
        Holds one HttpOnly cookie. No script can read it, and there is no token to steal.
      </Station>
      <Leg kind="outer" icon={<Cookie aria-hidden="true" className="size-4" />} label="cookie" />
      <li className="relative overflow-hidden rounded-card bg-passage p-6 forced-colors:border text-passage-ink">
        <div className="flex items-center gap-2.5 font-semibold [--outer:oklch(0.7_0.1_178)]">
          <BrandMark className="size-6" />
          The gateway
        </div>
        <p className="mt-2 text-[0.9375rem] text-passage-ink-soft">
          Finds the session, checks the route, and signs a token for this one service. Then it writes down what it did.
        </p>
      </li>
      <Leg kind="inner" icon={<KeyRound aria-hidden="true" className="size-4" />} label="token, 60 s" />
      <Station icon={<Server aria-hidden="true" className="size-5" />} title="Your service">
        Verifies one signature and knows who asks and what they may do. It never sees the cookie.
      </Station>
    </ol>
  );
}

function Station({ icon, title, children }: { icon: ReactNode; title: string; children: ReactNode }) {
  return (
    <li className="rounded-card border border-line bg-surface p-6">
      <div className="flex items-center gap-2.5 font-semibold">
        {icon}
        {title}
      </div>
      <p className="mt-2 text-[0.9375rem] text-ink-soft">{children}</p>
    </li>
  );
}

const legs = {
  outer: {
    text: 'text-outer',
    line: 'bg-outer',
    dot: 'bg-outer',
    walk: 'motion-safe:animate-[walk-to-the-door_4s_ease-in-out_400ms]',
  },
  inner: {
    text: 'text-inner',
    line: 'bg-inner-solid',
    dot: 'bg-inner-solid',
    walk: 'motion-safe:animate-[walk-from-the-door_4s_ease-in-out_400ms]',
  },
};

function Leg({ kind, icon, label }: { kind: 'outer' | 'inner'; icon: ReactNode; label: string }) {
  const { text, line, dot, walk } = legs[kind];
  return (
    <li className={`flex items-center gap-3 px-6 lg:flex-col lg:justify-center lg:px-3 ${text}`}>
      <span className="order-2 flex items-center gap-1.5 text-sm font-medium whitespace-nowrap lg:order-none">
        {icon}
        {label}
      </span>
      <span aria-hidden="true" className="relative block h-8 w-0.5 lg:h-0.5 lg:w-full">
        <span className={`absolute inset-0 opacity-35 ${line}`} />
        <span
          className={`absolute -top-[3px] left-0 size-2 rounded-full opacity-0 [--walk:6.5rem] max-lg:hidden group-hover:[animation-iteration-count:infinite]! ${walk} ${dot}`}
        />
      </span>
    </li>
  );
}
