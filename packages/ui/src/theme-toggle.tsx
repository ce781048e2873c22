'use client';

import { Moon, Sun } from 'lucide-react';
import { useEffect, useState } from 'react';
import { themeCookieName, type Theme } from './theme.tsx';

type SeenTheme = Exclude<Theme, 'system'>;

const icons = { light: Sun, dark: Moon };
const oneYearSeconds = 31_536_000;

/**
 * Changes between light and dark, and remembers the choice in a cookie. Every click changes what is seen; who is back at what
 * their system says follows it again.
 */
export function ThemeToggle({ initial }: { readonly initial: Theme }) {
  const [theme, setTheme] = useState(initial);
  const system = useSystemTheme();
  const seen = theme === 'system' ? system : theme;
  const other: SeenTheme = seen === 'dark' ? 'light' : 'dark';
  const Icon = icons[seen];

  function choose(): void {
    const chosen = other === system ? 'system' : other;
    applyTheme(chosen);
    setTheme(chosen);
  }

  return (
    <button
      type="button"
      onClick={choose}
      aria-label={`Change to the ${other} theme`}
      title={`Change to the ${other} theme`}
      className="grid size-10 place-items-center rounded-control text-ink-soft hover:bg-sunken hover:text-ink"
    >
      <Icon aria-hidden="true" className="size-[1.125rem]" />
    </button>
  );
}

/** What the system says, as far as the browser knows: the server does not. */
function useSystemTheme(): SeenTheme {
  const [isDark, setDark] = useState(false);
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)');
    const follow = (): void => setDark(query.matches);
    follow();
    query.addEventListener('change', follow);
    return () => query.removeEventListener('change', follow);
  }, []);
  return isDark ? 'dark' : 'light';
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
