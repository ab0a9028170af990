/** A genuine FileZilla on a screen that nobody sees, with settings and sites of the test's own. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const missing = ['filezilla', 'Xvfb', 'xkbcomp'].filter((program) => !isOnPath(program));

/** Why tests with it are skipped, or nothing. They need Debian's packages filezilla and xvfb, which are large. */
export const filezillaMissing: string | undefined =
  missing.length > 0 ? `${missing.join(' and ')} is not on this machine` : undefined;

export interface FilezillaRun {
  /** An empty folder. */
  readonly home: string;
  /** What bai wrote. */
  readonly sites: string;
  /** Of the site to open. */
  readonly name: string;
  readonly port: number;
  /** The host key that it knows already, as an RSA blob: otherwise a window asks, and nobody is there. */
  readonly hostKey: Buffer;
}

/** Opens the site, and returns what FileZilla logged once a line matches; rejects after a minute. */
export async function openInFilezilla(run: FilezillaRun, pattern: RegExp): Promise<string> {
  const { log, hostKeys } = await writeSettings(run);
  const screen = spawn('Xvfb', ['-displayfd', '3', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const [number] = (await once(screen.stdio[3] as NodeJS.ReadableStream, 'data')) as [Buffer];
  const env = {
    ...process.env,
    HOME: run.home,
    DISPLAY: `:${String(number).trim()}`,
    PUTTYSSHHOSTKEYS: hostKeys,
  };
  const program = spawn('filezilla', [`--site=0/${run.name}`], { env, stdio: 'ignore' });
  try {
    return await untilLogged(log, pattern);
  } finally {
    for (const child of [program, screen]) {
      const gone = once(child, 'close');
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await gone;
      }
    }
  }
}

async function writeSettings({ home, sites, port, hostKey }: FilezillaRun) {
  const config = join(home, '.config', 'filezilla');
  await mkdir(config, { recursive: true });
  const [log, hostKeys] = [join(home, 'log'), join(home, 'hostkeys')];
  const settings = { 'Greeting version': '99.0.0', 'Update Check': '0', 'Logging file': log };
  const lines = Object.entries(settings).map(([name, text]) => `<Setting name="${name}">${text}</Setting>`);
  const xml = `<?xml version="1.0"?>\n<FileZilla3><Settings>${lines.join('')}</Settings></FileZilla3>\n`;
  await writeFile(join(config, 'filezilla.xml'), xml);
  await writeFile(join(config, 'sitemanager.xml'), await readFile(sites));
  await writeFile(hostKeys, knownToPutty(hostKey, port));
  return { log, hostKeys };
}

/** PuTTY's store of host keys: exponent and modulus in hexadecimal. */
function knownToPutty(blob: Buffer, port: number): string {
  const strings: Buffer[] = [];
  for (let at = 0; at < blob.length; ) {
    const length = blob.readUInt32BE(at);
    strings.push(blob.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  const [exponent, modulus] = strings.slice(1).map((bytes) => bytes.toString('hex').replace(/^0+/, '0x'));
  return `rsa2@${port}:127.0.0.1 ${exponent?.startsWith('0x') ? exponent : `0x${exponent}`},${modulus}\n`;
}

async function untilLogged(log: string, pattern: RegExp): Promise<string> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const text = await readFile(log, 'utf8').catch(() => '');
    if (pattern.test(text)) return text;
    if (performance.now() > deadline) throw new Error(`FileZilla logged no ${pattern}: ${text}`);
    await delay(50);
  }
}
