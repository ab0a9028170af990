/** What editors, e-mail, consoles and clipboards make of a text file. */

export const manglings: Readonly<Record<string, (text: Buffer) => Buffer>> = {
  'as it was': (text) => text,
  'line ends of Windows': (text) => replaced(text, '\n', '\r\n'),
  'line ends of old Macs': (text) => replaced(text, '\n', '\r'),
  'no last line end': (text) => text.subarray(0, -1),
  'line ends of Windows, but the last': (text) => replaced(text, '\n', '\r\n').subarray(0, -2),
  'a byte order mark': (text) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), text]),
  'blanks behind lines': (text) => replaced(text, '\n', '  \n'),
  'a tab behind the last line': (text) => Buffer.concat([text.subarray(0, -1), Buffer.from('\t\n')]),
  'blanks in front of lines': (text) =>
    Buffer.from(`  ${text.toString('latin1').trimEnd().replaceAll('\n', '\n  ')}\n`, 'latin1'),
  'an empty line in front': (text) => Buffer.concat([Buffer.from('\n'), text]),
  'empty lines behind': (text) => Buffer.concat([text, Buffer.from('\n\r\n')]),
  'UTF-16': (text) => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text.toString(), 'utf16le')]),
  'UTF-16, big-endian': (text) =>
    Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(text.toString(), 'utf16le').swap16()]),
  'UTF-16 without a mark': (text) => Buffer.from(replaced(text, '\n', '\r\n').toString(), 'utf16le'),
};

/** Of files that are not one line. */
export const manglingsOfLines: Readonly<Record<string, (text: Buffer) => Buffer>> = {
  'empty lines between': (text) => replaced(text, '\n', '\n\n'),
  'words in front': (text) => Buffer.concat([Buffer.from('Here is the key:\n'), text]),
  'words behind': (text) => Buffer.concat([text, Buffer.from('Regards\n')]),
};

function replaced(text: Buffer, from: string, to: string): Buffer {
  return Buffer.from(text.toString('latin1').replaceAll(from, to), 'latin1');
}
