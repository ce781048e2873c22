/** What a person chose: a fixed theme, or whatever their system says. */
export type Theme = 'system' | 'light' | 'dark';

/** The cookie that holds the choice, so that the server renders the right theme and nothing flashes. Absent means "system". */
export const themeCookieName = 'theme';

/** Reads the cookie; anything unknown is "system". */
export function parseTheme(value: string | undefined): Theme {
  return value === 'light' || value === 'dark' ? value : 'system';
}
