import { expect, test } from 'vitest';
import { type FilezillaSite, filezillaXml, ownSitePort } from '../../src/core/ssh/filezilla-site.ts';

const site: FilezillaSite = {
  name: 'demo',
  host: '127.0.0.1',
  port: 12_000,
  user: 'work',
  keyFile: '/home/me/.ssh/id_container.ppk',
  remoteFolder: '/home/work',
  comment: 'session 5d1f',
};

/** The text of a field, with its entities read back. */
function field(xml: string, name: string): string | undefined {
  const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  const raw = new RegExp(`<${name}>([^<>]*)</${name}>`).exec(xml)?.[1];
  return raw?.replaceAll(/&(\w+);/g, (_, entity: string) => entities[entity] ?? '?');
}

test('a site is SFTP with a key file, and past any proxy', () => {
  const xml = filezillaXml(site);
  const wanted = { Host: '127.0.0.1', Port: '12000', Protocol: '1', Type: '0', User: 'work', Logontype: '5' };
  for (const [name, text] of Object.entries(wanted)) expect(field(xml, name)).toBe(text);
  expect(field(xml, 'Keyfile')).toBe(site.keyFile);
  expect(field(xml, 'BypassProxy')).toBe('1');
});

test('the remote folder has the length before each part', () => {
  expect(field(filezillaXml(site), 'RemoteDir')).toBe('1 0 4 home 4 work');
  expect(field(filezillaXml({ ...site, remoteFolder: '/' }), 'RemoteDir')).toBe('1 0');
});

test('hostile names stay text', () => {
  const name = '</Name></Server><Server><Host>evil</Host>&amp;"\'';
  const xml = filezillaXml({ ...site, name, keyFile: '/a <b> & "c"/k.ppk' });
  expect(xml.match(/<Server>/g)).toHaveLength(1);
  expect(field(xml, 'Host')).toBe('127.0.0.1');
  expect(field(xml, 'Name')).toBe(name);
  expect(field(xml, 'Keyfile')).toBe('/a <b> & "c"/k.ppk');
});

test('bai knows its own file, with its port', () => {
  expect(ownSitePort(filezillaXml(site))).toBe(12_000);
});

test.each([
  ['an empty file', ''],
  ['another program’s file', 'host=127.0.0.1\n'],
  ['an export of FileZilla', filezillaXml(site).replace('Written by bai: ', '')],
  [
    'a second site',
    filezillaXml(site).replace('\t\t</Server>\n', '\t\t</Server>\n\t\t<Server>\n\t\t</Server>\n'),
  ],
  ['a folder of sites', filezillaXml(site).replaceAll('Servers>', 'Servers><Folder>')],
  ['something behind the end', `${filezillaXml(site)}<!-- mine -->\n`],
])('%s is not its own', (_, text) => expect(ownSitePort(text)).toBeUndefined());
