'use client';

import { OutOfOrder } from '@sallyport/ui/out-of-order';
import { sans } from './font.ts';
import './globals.css';

export default function GlobalError() {
  return (
    <html lang="en" className={sans.variable}>
      <body>
        <title>Temporarily unavailable</title>
        <main>
          <OutOfOrder />
        </main>
      </body>
    </html>
  );
}
