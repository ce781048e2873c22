import { Card } from '@sallyport/ui/card';
import { shell } from '../lib/shell.ts';
import { ProductCount } from './product-count.tsx';

const zones = [
  { href: '/products', label: 'Products', text: 'Pages of the shell behind the gateway, and the API of the shop.' },
  { href: '/account', label: 'Account', text: 'A zone of its own, with a token that was made for it.' },
];

export default async function HomePage() {
  const caller = await shell.auth();
  return (
    <div className="page-width max-w-4xl! space-y-8 py-12">
      <h1 className="text-display font-semibold">
        {caller.status === 'signed-in' ? `Hello, ${caller.name ?? caller.userId}` : 'Sign in once, use every zone'}
      </h1>
      <p className="max-w-2xl text-lg text-ink-soft">
        {caller.status === 'signed-in'
          ? 'Your session here is next-auth’s. Each zone below gets a token of its own, which the gateway makes from yours.'
          : 'next-auth keeps the session of this shell, and the gateway is its provider.'}
      </p>
      {caller.status === 'signed-in' ? <ProductCount /> : null}
      <ul className="grid gap-4 sm:grid-cols-2">
        {zones.map(({ href, label, text }) => (
          <li key={href}>
            <Card className="h-full p-5">
              <h2 className="text-lg font-semibold">
                <a href={href} className="underline underline-offset-4">
                  {label}
                </a>
              </h2>
              <p className="mt-2 text-ink-soft">{text}</p>
            </Card>
          </li>
        ))}
      </ul>
    </div>
  );
}
