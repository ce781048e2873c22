/** Copies, downloads or prints what an element of the page says. */
export function prepareKeep(button: HTMLButtonElement): void {
  const { keep, of = '', file = '' } = button.dataset;
  const text = (): string => document.getElementById(of)?.dataset['text'] ?? '';
  button.hidden = false;
  button.addEventListener('click', () => {
    if (keep === 'print') print();
    else if (keep === 'download') download(text(), file);
    else
      void navigator.clipboard.writeText(text()).then(() => {
        button.textContent = 'Copied';
      });
  });
}

function download(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
