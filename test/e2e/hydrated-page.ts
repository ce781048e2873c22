import type { Page } from 'playwright-core';

/**
 * Resolves when React has taken over what is in `main`, or the script of a built-in page its forms: before that, a click on
 * a form is the browser's own.
 */
export async function waitUntilHydrated(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    // The script of built-in pages shows it.
    const theme = document.querySelector('button.theme');
    if (theme instanceof HTMLButtonElement) return !theme.hidden;
    const elements = document.querySelectorAll('main form, main button, main h1');
    return (
      elements.length > 0 && [...elements].every((one) => Object.keys(one).some((key) => key.startsWith('__react')))
    );
  });
}

/** Opens a page of the shell or of a zone and waits until it can be used. */
export async function openReady(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await waitUntilHydrated(page);
}
