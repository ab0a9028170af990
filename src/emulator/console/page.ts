/** What a browser gets: a page, and the settings of the web UI. */

import type { Answer } from '../server/answer.ts';

export function textAnswer(status: number, text: string): Answer {
  return { status, bytes: Buffer.from(text), contentType: 'text/plain; charset=utf-8' };
}

export function page(): Answer {
  const text =
    '<!DOCTYPE html>\n<html lang="en">\n<head>\n  <meta charset="UTF-8">\n  <title>Backend.AI</title>\n</head>\n' +
    '<body>\n  <p>This is the emulated web console of bai: it has no pages. Sign in with <code>bai login</code>.</p>\n</body>\n</html>\n';
  return {
    status: 200,
    bytes: Buffer.from(text),
    contentType: 'text/html; charset=utf-8',
    headers: { 'Cache-Control': 'no-store' },
  };
}

export function configText(host: string): Answer {
  const lines = [
    '[general]',
    `apiEndpoint = ${JSON.stringify(`http://${host}`)}`,
    'apiEndpointText = "Backend.AI API"',
    'apiDomainName = "default"',
    'connectionMode = "SESSION"',
    '',
    '[resources]',
    'allowNonAuthTCP = false',
  ];
  return textAnswer(200, `${lines.join('\n')}\n`);
}
