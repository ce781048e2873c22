export function countDown(time: HTMLElement): void {
  everySecond(Number(time.dataset['countdown']), (left) => {
    time.textContent = left > 0 ? waitingTime(left) : 'a moment: you can try now';
  });
}

/** Keeps a button off for as long as it would be refused. */
export function wait(button: HTMLButtonElement, seconds: number): void {
  if (!(seconds > 0)) return;
  const label = button.textContent;
  button.setAttribute('aria-disabled', 'true');
  everySecond(seconds, (left) => {
    if (button.hasAttribute('data-resend')) button.textContent = left > 0 ? `${label} (${left} s)` : label;
    if (left <= 0) button.removeAttribute('aria-disabled');
  });
}

function everySecond(seconds: number, show: (left: number) => void): void {
  const end = Date.now() + seconds * 1000;
  const tick = (): void => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    show(left);
    if (left > 0) setTimeout(tick, 1000);
  };
  tick();
}

export function waitingTime(seconds: number): string {
  if (seconds < 60) return plural(seconds, 'second');
  if (seconds >= 3600) return plural(Math.ceil(seconds / 3600), 'hour');
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  return rest === 0 ? plural(minutes, 'minute') : `${plural(minutes, 'minute')} ${plural(rest, 'second')}`;
}

function plural(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
