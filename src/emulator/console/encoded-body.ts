/** The form in which the Python client sends a password over plain HTTP. Its key is derived from what is on the wire: it protects nothing. */

import { createDecipheriv } from 'node:crypto';

/** `IV:base64(AES-256-CBC)`; nothing when it is not, or was made for another address. */
export function decodeBody(body: string, host: string): string | undefined {
  const [iv = '', data = ''] = body.split(':');
  const key = (Buffer.from(`http://${host}`).toString('base64') + iv + iv).slice(0, 32);
  try {
    const decipher = createDecipheriv('aes-256-cbc', key, iv);
    return decipher.update(data, 'base64', 'utf8') + decipher.final('utf8');
  } catch {
    // A wrong key shows as wrong padding.
    return undefined;
  }
}
