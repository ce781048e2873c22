import path from 'node:path';
import type { Repository } from './packed-manifest.ts';

/** The target of a link or an image of Markdown: `](target)`, `](target "title")`. */
const markdownTarget = /\]\(([^)\s]+)((?:\s+"[^"]*")?)\)/g;

const imageFile = /\.(?:svg|png|jpe?g|gif|webp)$/i;

/**
 * A page of a package as a registry shows it: links to files of the repository become absolute, because beside the page
 * there is nothing.
 *
 * @param folder folder of the page, relative to the root of the repository.
 * @param isFolder tells a link to a folder from one to a file.
 */
export function toPackedPage(
  text: string,
  folder: string,
  { page }: Repository,
  isFolder: (file: string) => boolean,
): string {
  return text.replaceAll(markdownTarget, (link: string, target: string, title: string): string => {
    if (/^(?:[a-z][a-z\d+.-]*:|#|\/\/)/i.test(target)) return link;
    const [file = '', fragment] = target.split('#', 2);
    const inRepository = path.posix.normalize(path.posix.join(folder, file)).replace(/\/$/, '');
    const view = imageFile.test(file) ? 'raw' : isFolder(inRepository) ? 'tree' : 'blob';
    const anchor = fragment === undefined ? '' : `#${fragment}`;
    return `](${page}/${view}/main/${inRepository}${anchor}${title})`;
  });
}
