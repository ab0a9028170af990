/** From this machine to a server, stage by stage, over the way that every request takes: for `bai doctor`. */

import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { type Checkup, type Finding, type Seen, type Stage, signInStage } from '../core/doctor/stages.ts';
import type { SignedIn } from '../core/session/sign-in.ts';
import { plaintextEndpoint } from '../core/text/is-plaintext-url.ts';
import { unlessAborted, within } from '../core/time-limit.ts';
import { BaiError, DeniedError } from '../errors.ts';
import { urlBelow } from './answer.ts';
import { exchange, noConnection } from './http.ts';
import { hostOf, type Network, portOf } from './network.ts';
import { networkError } from './network-error.ts';
import { untilAborted } from './proxy-dial.ts';
import { labelOf, proxyFailed } from './proxy-error.ts';
import type { ServerName } from './server-name.ts';

interface ServerParts {
  readonly network: Network;
  /** They are tried in turn, as requests do. */
  readonly endpoints: readonly URL[];
  readonly server: ServerName;
  readonly now: () => Date;
  readonly userAgent: string;
  /** What anybody may ask there: it tells the server's time. */
  readonly hello: (endpoint: URL) => URL;
  /** How far this machine's clock may be off before requests are refused; nothing where they carry no time. */
  readonly windowMs?: number | undefined;
}

/** `dns`, `proxy`, `connect`, `tls` and `clock`. */
export function serverStages(parts: ServerParts): readonly Stage[] {
  const reach = new Reach(parts);
  return [
    { name: 'dns', needs: ['settings'], run: (signal) => reach.inTurn((url) => reach.lookUp(url, signal)) },
    { name: 'proxy', needs: ['dns'], run: (signal) => reach.inTurn((url) => reach.proxy(url, signal)) },
    // ssh may ask for the password of a jump host.
    {
      ...{ name: 'connect', needs: ['proxy'], mayAsk: true },
      run: (signal) => reach.inTurn((url) => reach.connect(url, signal)),
    },
    {
      ...{ name: 'tls', needs: ['connect'], mayAsk: true },
      run: (signal) => reach.inTurn((url) => reach.tls(url, signal)),
    },
    {
      ...{ name: 'clock', needs: ['tls'], mayAsk: true },
      run: (signal) => reach.inTurn((url) => reach.clock(url, signal)),
    },
  ];
}

interface DirectParts extends Pick<ServerParts, 'network' | 'server' | 'now' | 'userAgent'> {
  readonly endpoint: URL;
  /** Below the endpoint, of what anybody may ask. */
  readonly helloPath: string;
  readonly signedInAs: (signal: AbortSignal) => Promise<SignedIn>;
}

/** Of a platform of one address, which tells where a session's SSH server is: up to the account. */
export function directCheckup({ endpoint, helloPath, signedInAs, ...parts }: DirectParts): Checkup {
  const hello = (at: URL): URL => urlBelow(at, helloPath);
  const signIn = signInStage(signedInAs, { needs: ['clock'] });
  return { stages: [...serverStages({ ...parts, endpoints: [endpoint], hello }), signIn], way: 'dial' };
}

class Reach {
  readonly #parts: ServerParts;
  /** Those before it have failed. */
  #at = 0;

  constructor(parts: ServerParts) {
    this.#parts = parts;
  }

  /** At the first endpoint that passes, with a word on those that did not; those are left for good. */
  async inTurn(look: (url: URL) => Promise<Seen>): Promise<Seen> {
    const { endpoints } = this.#parts;
    const findings: Finding[] = [];
    for (;;) {
      const url = endpoints[this.#at];
      if (url === undefined) throw new Error('a platform needs an endpoint');
      try {
        const seen = await look(url);
        return { ...seen, findings: [...findings, ...(seen.findings ?? [])] };
      } catch (error) {
        if (!(error instanceof BaiError) || this.#at + 1 >= endpoints.length) throw error;
        this.#at += 1;
        const { message, hint } = error;
        findings.push({ code: 'other-endpoint', message, ...(hint !== undefined && { hint }) });
      }
    }
  }

  /** As every connection does: by the system, and of a proxy's name where the proxy looks up the other. */
  async lookUp(url: URL, signal: AbortSignal): Promise<Seen> {
    const { network } = this.#parts;
    if (network.options.dial !== undefined) return { seen: `not looked up: ${wordsOf(network)}` };
    const proxy = network.proxyTo(url);
    const host = proxy?.host ?? hostOf(url);
    if (isIP(host) !== 0) return { seen: `${host}, which is an address`, facts: { host, addresses: [host] } };
    try {
      const found = await unlessAborted(lookup(host, { all: true }), signal);
      const addresses = found.map(({ address }) => address);
      const shown = addresses.slice(0, 3).join(', ');
      const more = addresses.length > 3 ? ` and ${addresses.length - 3} more` : '';
      return { seen: `${host} is ${shown}${more}`, facts: { host, addresses } };
    } catch (error) {
      if (signal.aborted) throw error;
      throw proxy === undefined ? this.#explained(error, url) : proxyFailed(proxy, error);
    }
  }

  /** A proxy is asked for a connection to the server, where it is not one that passes requests on. */
  async proxy(url: URL, signal: AbortSignal): Promise<Seen> {
    const { network } = this.#parts;
    if (network.options.dial !== undefined) return { seen: `none: ${wordsOf(network)}` };
    const proxy = network.proxyTo(url);
    if (proxy === undefined) return { seen: 'none', facts: { proxy: null } };
    close(await network.connect(url, signal));
    if (url.protocol === 'http:') await this.#passesOn(url, signal);
    return {
      seen: `${proxy.name} (${proxy.variable})`,
      facts: { proxy: proxy.name, variable: proxy.variable },
    };
  }

  /** One that passes requests on asks for its login with the first of them. What else comes of it is another stage's. */
  async #passesOn(url: URL, signal: AbortSignal): Promise<void> {
    try {
      await this.#dateAt(url, signal);
    } catch (error) {
      if (signal.aborted || !(error instanceof BaiError) || error.code === 'proxy-auth') throw error;
    }
  }

  async connect(url: URL, signal: AbortSignal): Promise<Seen> {
    const { network } = this.#parts;
    const port = `${url.hostname}:${portOf(url)}`;
    if (network.options.dial !== undefined) return { seen: `${port}, ${wordsOf(network)}` };
    // The stage before has had this very connection.
    const proxy = network.proxyTo(url);
    if (proxy !== undefined) return { seen: `${port}, through ${labelOf(proxy)}` };
    close(await this.#open(url, signal));
    return { seen: port };
  }

  async tls(url: URL, signal: AbortSignal): Promise<Seen> {
    if (url.protocol !== 'https:') {
      const isOpen = plaintextEndpoint([url.href]) !== undefined;
      const message = `what goes to ${url.host} is not encrypted: others on the way can read and change it`;
      const finding: Finding = { code: 'not-encrypted', message, hint: 'write https:// in the endpoint' };
      return { seen: `none: ${url.origin}`, ...(isOpen && { findings: [finding] }) };
    }
    const raw = await this.#open(url, signal);
    const { skipTlsVerify } = this.#parts.network.options;
    const host = hostOf(url);
    const socket = tls.connect({
      ...{ socket: raw, host, rejectUnauthorized: !skipTlsVerify, ALPNProtocols: ['http/1.1'] },
      ...(isIP(host) === 0 && { servername: host }),
    });
    raw.on('error', (error) => socket.destroy(error));
    try {
      await untilAborted(socket, signal, once(socket, 'secureConnect', { signal }));
      return this.#certificate(socket);
    } catch (error) {
      throw signal.aborted ? error : this.#explained(error, url);
    } finally {
      close(socket);
      close(raw);
    }
  }

  /** What it is off by, as far as a header tells that counts whole seconds. */
  async clock(url: URL, signal: AbortSignal): Promise<Seen> {
    const { now, windowMs } = this.#parts;
    const askedAt = now().getTime();
    const date = await this.#dateAt(url, signal);
    const theirs = Date.parse(date ?? '');
    if (Number.isNaN(theirs)) return { seen: `${url.host} does not tell its time` };
    const offMs = (askedAt + now().getTime()) / 2 - (theirs + 500);
    return clockSeen(Math.abs(offMs) < 1_000 ? 0 : Math.round(offMs / 1000), windowMs);
  }

  async #dateAt(url: URL, signal: AbortSignal): Promise<string | undefined> {
    const { network, hello, userAgent } = this.#parts;
    const headers = { 'User-Agent': userAgent };
    const request = { what: 'tell its time', method: 'GET', url: hello(url), headers, signal };
    try {
      const response = await exchange(network, request);
      response.destroy();
      return response.headers.date;
    } catch (error) {
      throw this.#explained(error, url);
    }
  }

  async #open(url: URL, signal: AbortSignal): Promise<Duplex> {
    const { network } = this.#parts;
    const { connectTimeoutMs: ms } = network.options;
    const dial = (until: AbortSignal): Promise<Duplex> => network.connect(url, until);
    try {
      if (ms <= 0) return await dial(signal);
      return await within(dial, { signal, ms, late: () => noConnection(url.host, ms / 1000) });
    } catch (error) {
      throw signal.aborted ? error : this.#explained(error, url);
    }
  }

  #certificate(socket: tls.TLSSocket): Seen {
    const { issuer, valid_to: until } = socket.getPeerCertificate();
    const ends = new Date(until);
    const days = Math.floor((ends.getTime() - this.#parts.now().getTime()) / 86_400_000);
    const by = nameIn(issuer);
    const protocol = socket.getProtocol() ?? 'TLS';
    const findings: Finding[] = [];
    if (this.#parts.network.options.skipTlsVerify) {
      const message = 'the certificate is not checked: anyone in between can read and change everything';
      findings.push({ code: 'tls-not-checked', message, hint: '`bai config unset skipTlsVerify`' });
    }
    if (days < 14) {
      const message = `the certificate ends in ${days} days (${until})`;
      findings.push({
        code: 'certificate-ends',
        message,
        hint: 'have it renewed by whoever runs the server',
      });
    }
    return {
      seen: `${protocol}, issued by ${by}, for ${days} more days`,
      facts: { protocol, issuer: by, validUntil: Number.isNaN(days) ? null : ends.toISOString() },
      findings,
    };
  }

  #explained(error: unknown, url: URL): unknown {
    const { network, server, now } = this.#parts;
    const proxy = network.proxyTo(url);
    return networkError(error, url, { through: proxy && labelOf(proxy), server, now: now() });
  }
}

function wordsOf({ options }: Network): string {
  return options.dialWords ?? 'another way than the network';
}

/** Signed requests are refused beyond it; a quarter of an hour off is a nuisance elsewhere, too. */
const usualMs = 60_000;

function clockSeen(seconds: number, windowMs: number | undefined): Seen {
  const size = Math.abs(seconds);
  const side = seconds < 0 ? 'behind' : 'ahead of';
  const amount = size < 120 ? `${size} s` : `${Math.round(size / 60)} minutes`;
  const seen = size === 0 ? 'that of the server, within a second' : `${amount} ${side} the server's`;
  const facts = { offSeconds: seconds };
  // One minute less: the request takes its time, too.
  if (windowMs !== undefined && size * 1000 > windowMs - usualMs)
    throw new DeniedError(`this machine's clock is ${seen}`, {
      code: 'clock-skew',
      hint: `set the clock (signed requests are valid for ${windowMs / 60_000} minutes) and try again`,
      details: facts,
    });
  if (size * 1000 <= usualMs) return { seen, facts };
  const message = `this machine's clock is ${seen}`;
  return { seen, facts, findings: [{ code: 'clock-off', message, hint: 'set the clock' }] };
}

type CertificateName = tls.PeerCertificate['issuer'] | undefined;

/** A server decides what stands there. */
function nameIn(issuer: CertificateName): string {
  const name: unknown = issuer?.O ?? issuer?.CN;
  const text = Array.isArray(name) ? name.join(', ') : typeof name === 'string' ? name : 'nobody it names';
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function close(stream: Duplex): void {
  stream.on('error', () => {});
  stream.destroy();
}
