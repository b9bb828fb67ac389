// The addresses of a mailbox: the log-in of its owner, and as many aliases as the setting says.

import type { Settings } from '../settings.mjs';

const ALIAS = /^(.+)\.alias([1-9]\d?)(@.+)$/;

/** The addresses of a mailbox, the primary one first. */
export function addressesOf(login: string, { aliases }: Pick<Settings, 'aliases'>): string[] {
  const [local = '', domain = ''] = login.split('@');
  return [login, ...Array.from({ length: aliases }, (_, number) => `${local}.alias${number + 1}@${domain}`)];
}

/** The log-in of the owner of an address, in small letters. */
export function ownerOf(address: string, { aliases }: Pick<Settings, 'aliases'>): string {
  const lower = address.toLowerCase();
  const [, local, number = '', domain] = ALIAS.exec(lower) ?? [];
  return local !== undefined && Number(number) <= aliases ? `${local}${domain}` : lower;
}

/** `proxyAddresses` of a user (Microsoft Graph, user): the primary address is written in capitals. */
export function proxyAddressesOf(login: string, settings: Pick<Settings, 'aliases'>): string[] {
  return addressesOf(login, settings).map((address, place) => `${place ? 'smtp' : 'SMTP'}:${address}`);
}
