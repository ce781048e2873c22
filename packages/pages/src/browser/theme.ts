/** Each click changes what is seen: to the other theme, which is the system's own or a choice against it. */
export function prepareTheme(button: HTMLButtonElement): void {
  button.hidden = false;
  button.addEventListener('click', () => {
    const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
    const { dataset } = document.documentElement;
    const chosen = (dataset['theme'] ?? system) === 'dark' ? 'light' : 'dark';
    const attributes = `; Path=/; SameSite=Lax${location.protocol === 'https:' ? '; Secure' : ''}`;
    if (chosen === system) delete dataset['theme'];
    else dataset['theme'] = chosen;
    document.cookie =
      chosen === system ? `theme=; Max-Age=0${attributes}` : `theme=${chosen}; Max-Age=31536000${attributes}`;
  });
}
