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
 * @param isBeside tells the files that are packed where they are in the repository: links to them stay as they are.
 */
export function toPackedPage(
  text: string,
  folder: string,
  { page }: Repository,
  isFolder: (file: string) => boolean,
  isBeside: (file: string) => boolean = () => false,
): string {
  return text.replaceAll(markdownTarget, (link: string, target: string, title: string): string => {
    if (/^(?:[a-z][a-z\d+.-]*:|#|\/\/)/i.test(target)) return link;
    const [file = '', fragment] = target.split('#', 2);
    const inRepository = path.posix.normalize(path.posix.join(folder, file)).replace(/\/$/, '');
    if (isBeside(inRepository)) return link;
    const view = imageFile.test(file) ? 'raw' : isFolder(inRepository) ? 'tree' : 'blob';
    const anchor = fragment === undefined ? '' : `#${fragment}`;
    return `](${page}/${view}/main/${inRepository}${anchor}${title})`;
  });
}
