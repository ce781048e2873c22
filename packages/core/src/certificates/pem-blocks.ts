const wholeBlock = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;

/**
 * Whether a text of PEM ends in the middle of a block, as a file does that is being written: what is whole in front of the
 * cut would be taken for all of it.
 *
 * @example
 * isCutOff(`${pem}-----BEGIN CERTIFICATE-----\nMIIB`); // true
 */
export function isCutOff(pem: string): boolean {
  return pem.replaceAll(wholeBlock, '').includes('-----BEGIN');
}
