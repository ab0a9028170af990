/** A file for FileZilla's *File → Import*, with one site: the form in which FileZilla itself keeps and exports its sites. */

export interface FilezillaSite {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Absolute. */
  readonly keyFile: string;
  /** Absolute, of the session. */
  readonly remoteFolder: string;
  readonly comment: string;
}

const sftp = 1;
const unixListing = 0;
const keyFileLogon = 5;
/** How bai knows its own files again. */
const mark = 'Written by bai: ';

export function filezillaXml(site: FilezillaSite): string {
  const fields: readonly (readonly [string, string | number])[] = [
    ['Host', site.host],
    ['Port', site.port],
    ['Protocol', sftp],
    ['Type', unixListing],
    ['User', site.user],
    ['Keyfile', site.keyFile],
    ['Logontype', keyFileLogon],
    ['EncodingType', 'UTF-8'],
    // The port is on this machine, which no proxy reaches.
    ['BypassProxy', 1],
    ['Name', site.name],
    ['Comments', `${mark}${site.comment}`],
    ['RemoteDir', filezillaPath(site.remoteFolder)],
  ];
  const lines = fields.map(([name, value]) => `\t\t\t<${name}>${escapeXml(String(value))}</${name}>`);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<FileZilla3>',
    '\t<Servers>',
    '\t\t<Server>',
    ...lines,
    '\t\t</Server>',
    '\t</Servers>',
    '</FileZilla3>',
    '',
  ].join('\n');
}

/** The port of the site in a file that `filezillaXml` made and nobody changed since; nothing for any other text. */
export function ownSitePort(text: string): number | undefined {
  const field = '\\t\\t\\t<(\\w+)>[^<>]*</\\1>\\n';
  const whole = new RegExp(
    `^<\\?xml version="1\\.0" encoding="UTF-8"\\?>\\n<FileZilla3>\\n\\t<Servers>\\n\\t\\t<Server>\\n(?:${field})+\\t\\t</Server>\\n\\t</Servers>\\n</FileZilla3>\\n$`,
  );
  if (!whole.test(text) || !text.includes(`<Comments>${mark}`)) return undefined;
  const port = /<Port>(\d{1,5})<\/Port>/.exec(text)?.[1];
  return port === undefined ? undefined : Number(port);
}

/** Unix, no prefix, then each part behind its length. */
function filezillaPath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '');
  return ['1', '0', ...parts.flatMap((part) => [String(part.length), part])].join(' ');
}

/** What XML cannot hold at all has been taken out or escaped before: see core/sanitize.ts. */
function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;');
}
