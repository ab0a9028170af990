/** Apps, tunnels and ssh. */

import type { CodeTable } from './code-table.ts';

export const sshCodes = {
  'app-not-found': { status: '4', meaning: 'the session does not offer this app' },
  'ssh-off': { status: '4', meaning: 'the session was started without SSH' },
  'ssh-not-ready': {
    status: '5',
    meaning: 'the session has no address for SSH yet: it still starts',
  },
  'no-head-node': {
    status: '1',
    meaning: 'the provider lists several machines of the session, and does not say which one to log in to',
  },
  'ssh-unreadable': {
    status: '1',
    meaning: 'what the provider says of the address for SSH has no known form; nothing of it is used',
  },
  'app-not-listening': { status: '5', meaning: "the app's port in the session stayed closed" },
  'sshd-not-greeting': {
    status: '5',
    meaning: "the session's sshd accepts connections and says nothing, or hangs up; also that of a node",
  },
  'node-unreachable': {
    status: '5',
    meaning: 'main1 of a cluster session does not get through to another of its containers',
  },
  'no-app-proxy': {
    status: '1',
    meaning: "`--via proxy`, and the session's resource group has no app proxy",
  },
  'app-proxy-refused': {
    status: '1',
    meaning: '`--via proxy`: the manager failed to ask the app proxy for a port, and does not say why',
  },
  'app-proxy-token': {
    status: '3',
    meaning:
      '`--via proxy`: the app proxy does not know, or does not accept, the token that the manager gave',
  },
  'addresses-refused': {
    status: '1',
    meaning: 'the app proxy does not take the addresses of `--allow-from`',
  },
  'own-address-unknown': {
    status: '1',
    meaning: '`--allow-from me`, and which address the app proxy sees this machine with cannot be known here',
  },
  'no-proxy-worker': { status: '5', meaning: 'the app proxy has no worker, or none with a free port' },
  'gateway-port-taken': {
    status: '6',
    meaning: '`--via proxy` with `--port`: the port is taken, or not one of the app proxy',
  },
  'gateway-unreachable': {
    status: '5',
    meaning: 'nobody answers at the port that the app proxy has opened, or something lets nothing through',
  },
  'address-not-allowed': {
    status: '3',
    meaning: "the app proxy hung up without a byte: this machine's address is not one of `--allow-from`",
  },
  'allow-from-missing': {
    status: '2',
    meaning: '`--via proxy`, and nobody said who may use the port, or can be asked',
  },
  'no-direct-access': { status: '1', meaning: '`--via direct`, and the session is no upload session' },
  'tunnel-lost': { status: '5', meaning: 'a tunnel broke' },
  'connection-lost': { status: '5', meaning: 'the SSH connection, or its SFTP service, is gone' },
  stalled: { status: '5', meaning: "the session's file server no longer answers" },
  'no-answer': {
    status: '5',
    meaning:
      "the session's SSH server, what starts its file server or a program, or your SSH agent did not answer in time (`answerTimeout`)",
  },
  'port-taken': { status: '6', meaning: '`--strict-port`, or a forward with `-L`, and the port is in use' },
  'forward-refused': { status: '5', meaning: 'the session does not listen for a forward with `-R`' },
  'command-too-long': {
    status: '2',
    meaning: "the session's sshd takes no command of that length; `bai ssh` ends with 255",
  },
  'no-exec': { status: '1', meaning: 'the session starts no shell or command' },
  'forward-not-found': { status: '4', meaning: 'no forward in the background has this name or id' },
  'forward-ended': { status: '4', meaning: '`bai forward open`, and the forward does not run any more' },
  'forward-elsewhere': {
    status: '6',
    meaning: 'the forward is a process of another machine that shares the home folder',
  },
  'forward-failed': {
    status: '1',
    meaning: 'the process of a forward in the background ended before its ports listened',
  },
  'no-web-app': { status: '4', meaning: '`bai forward open`, and nothing of the forward is for a browser' },
  'port-refused': { status: '1', meaning: '`--strict-port`, and this system does not allow that port' },
  'no-free-port': { status: '1', meaning: 'none of the ports that bai tried was free' },
  'not-shared': {
    status: '2',
    meaning:
      '`-M`, `-S`, `-O` or a setting `Control…` of ssh: a connection that bai makes is for one ssh alone; the hint has the line that shares one',
  },
  'no-ssh': { status: '1', meaning: 'there is no OpenSSH client on this machine' },
  'ssh-config-not-usable': {
    status: '1',
    meaning:
      "a file of ssh's configuration is read-only, a folder, a pipe or a link to nowhere, and the hint has the line to add by hand; or ssh cannot read it, or takes bai's hosts from nowhere in it",
  },
  'ssh-config-missing': {
    status: '1',
    meaning: "`bai open`: `~/.ssh/config` does not include bai's hosts, which editors go by",
  },
  'ssh-config-other': {
    status: '1',
    meaning: "`bai open`: bai's hosts there are those of another profile, manager or environment file",
  },
  'ssh-config-path': {
    status: '1',
    meaning: "a path of bai's files cannot be written in ssh's configuration",
  },
  'key-refused': {
    status: '3',
    meaning:
      'the session refused the key; `reason` is `permissions`, `account`, `stale-key`, `not-authorised`, `mounted-ssh`, `too-many-keys` or `unknown`',
  },
  'no-sftp': { status: '1', meaning: 'the session has no SFTP service' },
  'no-tar': { status: '4', meaning: '`--via tar`, and the session has no tar, or runs no programs' },
  'no-cipher': {
    status: '1',
    meaning: 'a speed test agreed with the session on none of the ciphers it measures',
  },
  'noisy-shell': {
    status: '1',
    meaning: "a start-up file of the session's shell prints text where SFTP belongs",
  },
} as const satisfies CodeTable;
