import { isIPv4 } from 'node:net';
import type { ClientCertificate } from '../principal/client-certificate.ts';
import { DerError, membersOf, readElement, derTags, type DerElement } from './der.ts';

/** The names below which an authority may issue certificates. */
export interface NameConstraints {
  readonly permitted: readonly NameRange[];
  readonly excluded: readonly NameRange[];
}

/** Names of one form: hosts of URIs, hosts, or addresses with a mask. */
export type NameRange =
  | { readonly form: 'uri' | 'dns'; readonly domain: string }
  | { readonly form: 'address'; readonly address: Buffer; readonly mask: Buffer };

/** The names of a certificate that constraints are about. */
export type ConstrainedNames = Pick<ClientCertificate, 'uris' | 'dnsNames' | 'addresses'>;

/** Tags of GeneralName (RFC 5280, section 4.2.1.6), and of the two lists of subtrees. */
const [dnsTag, uriTag, addressTag, permittedTag, excludedTag] = [0x82, 0x86, 0x87, 0xa0, 0xa1];

/**
 * Reads name constraints; of names of hosts, URIs and addresses alone, since those are what certificates of machines hold.
 *
 * @returns `undefined` for constraints on other names: what is not understood has to be refused.
 * @throws DerError
 * @see {@link https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.10 RFC 5280, section 4.2.1.10}
 */
export function readNameConstraints(value: Buffer): NameConstraints | undefined {
  const lists = membersOf(readElement(value, derTags.sequence));
  const rangesOf = (wanted: number): readonly (NameRange | undefined)[] =>
    lists.filter(({ tag }) => tag === wanted).flatMap((list) => membersOf(list, wanted).map(readRange));
  const [permitted, excluded] = [rangesOf(permittedTag), rangesOf(excludedTag)];
  const isUnderstood = lists.every(({ tag }) => tag === permittedTag || tag === excludedTag);
  if (!isUnderstood || !permitted.every(isRange) || !excluded.every(isRange)) return undefined;
  return { permitted, excluded };
}

/** Whether every name of a certificate is one that its authority may give. */
export function satisfiesConstraints(names: ConstrainedNames, { permitted, excluded }: NameConstraints): boolean {
  const isAllowed = (name: string, form: NameRange['form'], isWithin: (name: string, range: NameRange) => boolean) => {
    const ranges = permitted.filter((range) => range.form === form);
    const isPermitted = ranges.length === 0 || ranges.some((range) => isWithin(name, range));
    return isPermitted && !excluded.some((range) => range.form === form && isWithin(name, range));
  };
  const isConstrained = [...permitted, ...excluded].some(({ form }) => form === 'uri');
  // A URI without a host cannot be compared with a domain: the RFC has it refused.
  if (isConstrained && names.uris.some((uri) => hostOfUri(uri) === undefined)) return false;
  // What a wildcard stands for is not known, so that it may stand for what is excluded.
  if (names.dnsNames.some((name) => name.startsWith('*')) && excluded.some(({ form }) => form === 'dns')) return false;
  return (
    names.uris.every((uri) => isAllowed(hostOfUri(uri) ?? '', 'uri', isHostWithin)) &&
    names.dnsNames.every((name) => isAllowed(name, 'dns', isNameWithin)) &&
    names.addresses.every((address) => isAllowed(address, 'address', isAddressWithin))
  );
}

/** A subtree with a minimum or a maximum is not read: RFC 5280 allows neither. */
function readRange(subtree: DerElement): NameRange | undefined {
  const [name, ...bounds] = membersOf(subtree);
  if (name === undefined || bounds.length > 0) throw new DerError('no subtree of names');
  const { tag, content } = name;
  if (tag === dnsTag || tag === uriTag)
    return { form: tag === dnsTag ? 'dns' : 'uri', domain: content.toString('latin1').toLowerCase() };
  if (tag !== addressTag || (content.length !== 8 && content.length !== 32)) return undefined;
  const half = content.length / 2;
  return { form: 'address', address: content.subarray(0, half), mask: content.subarray(half) };
}

function isRange(range: NameRange | undefined): range is NameRange {
  return range !== undefined;
}

/** A host of a URI is within its own name, or below one that begins with a dot. */
function isHostWithin(host: string, range: NameRange): boolean {
  if (range.form === 'address') return false;
  return range.domain.startsWith('.') ? host.endsWith(range.domain) : host === range.domain;
}

/** A DNS name is within every name that it ends with, label by label. */
function isNameWithin(name: string, range: NameRange): boolean {
  if (range.form === 'address') return false;
  const domain = range.domain.replace(/^\./, '');
  return domain === '' || name === domain || name.endsWith(`.${domain}`);
}

function isAddressWithin(address: string, range: NameRange): boolean {
  if (range.form !== 'address') return false;
  const bytes = bytesOf(address);
  return (
    bytes.length === range.address.length &&
    bytes.every((byte, index) => ((byte ^ (range.address[index] ?? 0)) & (range.mask[index] ?? 0xff)) === 0)
  );
}

function hostOfUri(uri: string): string | undefined {
  const [, host] = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#:@[\]]+)/i.exec(uri) ?? [];
  return host?.toLowerCase();
}

function bytesOf(address: string): readonly number[] {
  if (isIPv4(address)) return address.split('.').map(Number);
  const [head = '', tail = ''] = address.split('::');
  const groupsOf = (text: string): readonly string[] => (text === '' ? [] : text.split(':'));
  const [before, after] = [groupsOf(head), groupsOf(tail)];
  const groups = [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
  return groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]);
}
