import localFont from 'next/font/local';

/** Instrument Sans, served by this application: no other host learns who reads the page. */
export const sans = localFont({
  src: '../../../packages/ui/fonts/instrument-sans-latin.woff2',
  variable: '--font-instrument-sans',
  weight: '400 700',
  display: 'swap',
});
