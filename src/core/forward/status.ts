/** What is told of forwards. */

import type { SessionRef } from '../session/session.ts';

/** One port that leads somewhere. */
export interface ForwardListener {
  readonly kind: 'app' | 'port' | 'remote';
  /** As `wishText` has it. */
  readonly spec: string;
  /** Of this machine: what is listened on, or where a port of the session leads to. */
  readonly host: string;
  readonly port: number;
  readonly app?: string;
  /** Of the session, where it is no app. */
  readonly remoteHost?: string;
  readonly remotePort?: number;
  /** Of apps that speak HTTP, with the secret that lets a browser in. */
  readonly url?: string;
  /** Of its SSH server. */
  readonly ssh?: { readonly user: string; readonly identityFile?: string; readonly command: string };
}

/**
 * `signed-out`: the login has expired, and it goes on after `bai login`; `unreachable`: the last connection could not be made;
 * `silent`: its process does not answer; `elsewhere`: it is a process of another machine that shares the home folder.
 */
export type ForwardState = 'running' | 'signed-out' | 'unreachable' | 'silent' | 'elsewhere' | 'ended';

/** Of one that runs, as its process tells it. */
export interface ForwardStatus {
  readonly state: Extract<ForwardState, 'running' | 'signed-out' | 'unreachable'>;
  /** Why it is not `running`. */
  readonly reason?: string | undefined;
  /** Connections that are open now, and how many there were. */
  readonly connections: number;
  readonly total: number;
}

/** What all forwards of a command are. */
export interface ForwardFacts {
  readonly id: string;
  /** What it is stopped by: that of the session, mostly. */
  readonly name: string;
  readonly session: SessionRef;
  readonly listeners: readonly ForwardListener[];
}

/** `127.0.0.1:8080 -> demo:80`, for people. */
export function listenerLine(listener: ForwardListener, session: string): string {
  const { kind, host, port, app, remoteHost, remotePort, url, ssh } = listener;
  const here = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const isSessions = remoteHost === undefined || remoteHost === 'localhost';
  const there = `${isSessions ? session : `${session}:${remoteHost}`}:${app ?? remotePort}`;
  if (kind === 'remote') return `${session}:${remotePort} -> ${here}`;
  const more = url ?? (ssh && `ssh://${ssh.user}@${here}`);
  return `${here} -> ${there}${more === undefined ? '' : `  ${more}`}`;
}

/** Short, for a list: `8080->80`. */
export function shortListener({ kind, port, app, remotePort, spec }: ForwardListener): string {
  if (kind === 'remote') return spec;
  return app === undefined && remotePort === port ? String(port) : `${port}->${app ?? remotePort}`;
}
