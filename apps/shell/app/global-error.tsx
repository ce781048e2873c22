'use client';

import { OutOfOrder } from '@sallyport/ui/out-of-order';
import { sans } from './font.ts';
import './globals.css';

export default function GlobalError() {
  return (
    <html lang="en" className={sans.variable}>
      <body>
        <title>Out of order · Sallyport</title>
        <main>
          <OutOfOrder />
        </main>
      </body>
    </html>
  );
}
