'use client';

import { Monitor, Moon, Sun } from 'lucide-react';
import { useState } from 'react';
import { themeCookieName, type Theme } from './theme.tsx';

const next: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' };
const icons = { system: Monitor, light: Sun, dark: Moon };
const oneYearSeconds = 31_536_000;

/** Steps through system, light and dark, and remembers the choice in a cookie. */
export function ThemeToggle({ initial }: { readonly initial: Theme }) {
  const [theme, setTheme] = useState(initial);
  const Icon = icons[theme];

  function choose(): void {
    const chosen = next[theme];
    applyTheme(chosen);
    setTheme(chosen);
  }

  return (
    <button
      type="button"
      onClick={choose}
      aria-label={`Theme: ${theme}. Change to ${next[theme]}.`}
      title={`Theme: ${theme}`}
      className="grid size-10 place-items-center rounded-control text-ink-soft hover:bg-sunken hover:text-ink"
    >
      <Icon aria-hidden="true" className="size-[1.125rem]" />
    </button>
  );
}

function applyTheme(theme: Theme): void {
  const attributes = `; Path=/; SameSite=Lax${location.protocol === 'https:' ? '; Secure' : ''}`;
  if (theme === 'system') {
    delete document.documentElement.dataset['theme'];
    document.cookie = `${themeCookieName}=; Max-Age=0${attributes}`;
    return;
  }
  document.documentElement.dataset['theme'] = theme;
  document.cookie = `${themeCookieName}=${theme}; Max-Age=${oneYearSeconds}${attributes}`;
}
