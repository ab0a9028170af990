/** What a session is made of: its containers and the apps in them. */

import { randomUUID } from 'node:crypto';

export interface App {
  readonly name: string;
  readonly protocol: 'tcp' | 'http' | 'pty' | 'preopen';
  /** What clients see. */
  readonly containerPort: number;
  /** Where it really listens on 127.0.0.1; left out, the port is the same as in the container. */
  readonly hostPort?: number;
  /** Its program is not there; the manager says so before a tunnel is opened. */
  readonly cannotStart?: true;
}

export interface Kernel {
  readonly id: string;
  readonly role: string;
  readonly index: number;
  readonly hostname: string;
  readonly containerId: string;
}

export function kernelsOf(clusterSize: number): readonly Kernel[] {
  return Array.from({ length: clusterSize }, (_, position) => {
    const role = position === 0 ? 'main' : 'sub';
    const index = position === 0 ? 1 : position;
    const containerId = `${randomUUID()}${randomUUID()}`.replaceAll('-', '');
    return { id: randomUUID(), role, index, hostname: `${role}${index}`, containerId };
  });
}

/** sshd and ttyd are in every session; the image offers jupyter, which here cannot be started. */
export function standardApps(preopenPorts: readonly number[]): readonly App[] {
  const preopen = preopenPorts.map((port) => ({
    name: String(port),
    protocol: 'preopen' as const,
    containerPort: port,
  }));
  return [
    { name: 'sshd', protocol: 'tcp', containerPort: 2200 },
    { name: 'ttyd', protocol: 'http', containerPort: 7681 },
    { name: 'jupyter', protocol: 'http', containerPort: 8081, cannotStart: true },
    { name: 'jupyterlab', protocol: 'http', containerPort: 8090, cannotStart: true },
    ...preopen,
  ];
}
