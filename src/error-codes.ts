/**
 * Every error code with the exit status it ends with and what it means: scripts switch on them, so a published one never changes its
 * meaning. A code that stands in no row does not compile, and docs/exit-codes.md is written from here (`npm run docs:codes`).
 */

/** The status is text: some depend on where it happened. */
interface CodeRow {
  readonly status: string;
  readonly meaning: string;
}

export const errorCodes = {
  'The command line and settings': {
    usage: { status: '2', meaning: 'a wrong command, argument, option or value' },
    'no-endpoint': { status: '2', meaning: 'no manager is chosen' },
    'no-such-profile': {
      status: '2',
      meaning: 'the profile of `--profile` or `BAI_PROFILE` is not there; `profiles` names those that are',
    },
    'ssh-folder-refused': {
      status: '2',
      meaning: 'a folder was to be mounted on `~/.ssh`, which managers refuse',
    },
    'not-set': { status: '4', meaning: '`config get` of a setting without a value' },
    'config-broken': { status: '1', meaning: 'the profile file is not what bai wrote' },
    'no-home': { status: '1', meaning: 'the home folder is not known, and this needs it' },
  },
  'The manager': {
    unreachable: {
      status: '5',
      meaning: 'no connection: refused, unknown host, no route, a time limit for connecting',
    },
    timeout: {
      status: '5',
      meaning:
        'the time is over: for an answer of the manager (`readTimeout`), or for a session to run (`--timeout`)',
    },
    'not-the-local-manager': {
      status: '5',
      meaning: 'another program listens where the local manager was; nothing was sent to it',
    },
    'jump-failed': {
      status: '5',
      meaning: 'no connection to the manager from the jump host (`-J`, `proxyJump`), or none to that host',
    },
    tls: { status: '5', meaning: 'its TLS certificate is not trusted' },
    redirected: {
      status: '5',
      meaning: 'it sends requests to another address, and signed requests follow no redirect',
    },
    unavailable: {
      status: '5',
      meaning:
        'status 502 to 504, another of 5xx that comes from a gateway, or 408: away, down or in maintenance; `retryAfterSeconds` when it said for how long',
    },
    'rate-limited': {
      status: '5',
      meaning: 'too many requests; `retryAfterSeconds` when it said for how long',
    },
    'proxy-unreachable': {
      status: '5',
      meaning:
        'no connection to the proxy of a variable such as `HTTPS_PROXY`, none through it in time, or it is no such proxy',
    },
    'proxy-refused': { status: '5', meaning: 'that proxy makes no connection to the manager' },
    'proxy-auth': { status: '3', meaning: 'a proxy wants a login, or refuses the one it was given' },
    'not-signed-in': {
      status: '3',
      meaning:
        'the access key, the secret key or both are not set, or those that are set are for another address',
    },
    'auth-failed': { status: '3', meaning: 'the access key or the signature is refused' },
    'clock-skew': { status: '3', meaning: "this machine's clock is too far from the manager's" },
    forbidden: { status: '3', meaning: 'signed in, but not allowed' },
    denied: { status: '3', meaning: 'refused otherwise, such as a file in the session without permission' },
    'not-found': {
      status: '4',
      meaning: 'the manager, or a path on this machine or in the session, has no such thing',
    },
    conflict: { status: '6', meaning: 'it conflicts with what is there' },
    'quota-exceeded': { status: '6', meaning: 'a limit of resources or sessions is reached' },
    refused: {
      status: '1',
      meaning: "refused for a reason that has no code; the message has the manager's words",
    },
    'query-refused': { status: '1', meaning: 'a GraphQL query failed' },
    'server-error': { status: '1', meaning: 'the manager failed inside' },
    'not-supported': { status: '1', meaning: 'this manager does not offer the call' },
    'not-a-manager': { status: '1', meaning: 'what answers is no Backend.AI manager' },
    'too-old': { status: '1', meaning: 'a manager that speaks an API before v5' },
    protocol: { status: '1', meaning: 'an answer that its protocol does not allow' },
    'answer-cut': { status: '5', meaning: 'an answer broke off' },
    'answer-too-large': { status: '1', meaning: 'an answer, a list or an event is larger than bai takes' },
    'answer-not-readable': {
      status: '1',
      meaning: 'an answer is compressed in a way bai does not read, or damaged',
    },
  },
  Sessions: {
    'session-not-found': {
      status: '4',
      meaning: 'there is no such session of yours; to an administrator `owner` tells whose it is',
    },
    'session-ended': { status: '4', meaning: 'there was one, and it has ended or is ending' },
    'node-not-found': { status: '4', meaning: 'the cluster session has no container of this name' },
    'node-not-running': { status: '4', meaning: 'it has, but that container does not run' },
    'session-exists': {
      status: '6',
      meaning: 'the name is taken, and `--no-reuse` was given or the image differs',
    },
    'image-not-found': { status: '4', meaning: 'no such image' },
    'project-not-found': { status: '4', meaning: 'the account is not in that project or domain' },
    'domain-not-found': { status: '4', meaning: 'the account is not in that project or domain' },
    'resource-group-not-found': { status: '4', meaning: 'the account can use no such resource group' },
    'folder-not-found': { status: '4', meaning: 'the account has no such virtual folder to mount' },
    'session-error': { status: '10', meaning: 'it went to ERROR while it was waited for, or forwarded to' },
    'session-cancelled': { status: '11', meaning: 'it was cancelled' },
    'session-terminated': { status: '12', meaning: 'it ended' },
  },
  'Apps, tunnels and ssh': {
    'app-not-found': { status: '4', meaning: 'the session does not offer this app' },
    'app-not-listening': { status: '5', meaning: "the app's port in the session stayed closed" },
    'sshd-not-greeting': {
      status: '5',
      meaning: "the session's sshd accepts connections and says nothing, or hangs up; also that of a node",
    },
    'node-unreachable': {
      status: '5',
      meaning: 'main1 of a cluster session does not get through to another of its containers',
    },
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
    'port-refused': { status: '1', meaning: '`--strict-port`, and this system does not allow that port' },
    'no-free-port': { status: '1', meaning: 'none of 20 random ports was free' },
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
  },
  'Keys and host keys': {
    'no-id-container': { status: '4', meaning: 'the session hands out no key' },
    'file-not-found': { status: '4', meaning: "a file asked of the manager is not in the session's home" },
    'key-conflict': { status: '6', meaning: 'something that bai did not write is where the key should go' },
    'site-conflict': {
      status: '6',
      meaning: '`sftp site`: a file that bai did not write is where the site should go',
    },
    'name-too-long': {
      status: '2',
      meaning:
        'a key file, or what goes beside it (`.pub`, `.ppk`), would have a longer name than the disk takes',
    },
    'not-a-key': {
      status: '1 from a session, 2 for a file of yours',
      meaning: 'no private key, or a damaged one',
    },
    'wrong-passphrase': {
      status: '3',
      meaning: "that is not the key's passphrase, or the encrypted file is damaged",
    },
    'passphrase-needed': {
      status: '2',
      meaning: 'a passphrase is needed, and there is no terminal to type it on',
    },
    'key-unusable': {
      status: '2',
      meaning: 'a private key in a form bai cannot use, such as one with a passphrase',
    },
    'key-not-for-ssh': {
      status: '2',
      meaning:
        'a private key that bai reads and ssh does not, such as one with the line ends of Windows; the hint has the command that writes it anew',
    },
    'weak-key': { status: '2', meaning: 'a DSA key, or an RSA key of fewer than 2048 bits' },
    'key-mismatch': {
      status: '2 for the file itself, 6 for a `.pub` beside it',
      meaning: 'two halves that do not belong together',
    },
    'clear-text': {
      status: '2',
      meaning: '`key upload`: others could read the private key on its way to the manager',
    },
    declined: { status: '1', meaning: 'the question was answered with no; nothing was done' },
    'account-key-broken': {
      status: '1',
      meaning: "what the manager has, or answers, as the account's SSH key is no key, or another one",
    },
    'key-not-saved': {
      status: '1',
      meaning:
        '`key rotate`: the account has a new key, and this machine could not save it; new sessions hand it out',
    },
    'not-a-public-key': {
      status: '2',
      meaning: 'no public key, not exactly one, a damaged one, or a certificate',
    },
    'key-not-authorized': {
      status: '4',
      meaning: '`key deauthorize`: the session does not accept that key anyway',
    },
    'own-key': {
      status: '6',
      meaning: '`key deauthorize` of the key that bai logs in with, without `--force`',
    },
    'authorized-keys-unusable': {
      status: '6',
      meaning: "what is in the place of the session's `authorized_keys` is no plain file, too large, or full",
    },
    'key-ppk': { status: '2', meaning: "a private key in PuTTY's format, where one of ssh's is needed" },
    'no-agent': {
      status: '4',
      meaning: 'no SSH agent answers where `IdentityAgent` of your ssh configuration or `SSH_AUTH_SOCK` say',
    },
    'no-agent-key': {
      status: '3',
      meaning: 'the SSH agent holds no key, or none that the builtin client can use',
    },
    'agent-refused': { status: '1', meaning: "the SSH agent did not take the session's key" },
    'acl-not-set': { status: '1', meaning: "Windows: a key file could not be made the user's alone" },
    'folder-not-writable': { status: '1', meaning: 'the folder for the key cannot be written' },
    'host-key-changed': {
      status: '6',
      meaning: "the session's host key is not the pinned one; nothing was sent",
    },
    'host-key-revoked': { status: '6', meaning: 'the host key is marked as revoked' },
    'host-key-not-known': { status: '4', meaning: 'no host key of this session is pinned' },
    'known-hosts-unreadable': { status: '1', meaning: "bai's file of host keys cannot be read" },
    'known-hosts-broken': { status: '1', meaning: 'a line in it is no host key' },
  },
  Files: {
    transfer: { status: '1', meaning: 'a file could not be moved, for a reason that has no code' },
    'size-differs': {
      status: '1',
      meaning: 'the copy does not have the announced size; it was not put in place',
    },
    'checksum-differs': {
      status: '1',
      meaning: 'the copy has another checksum than the source; it was not put in place',
    },
    'time-unknown': {
      status: '1',
      meaning:
        '`--if-exists newer`: neither the times (before 1970, from 2038 on, or none) nor equal bytes tell which file is to stay',
    },
    unfinished: {
      status: '0',
      meaning: 'left out, in `skipped` only: the part or journal of another transfer',
    },
    'busy-target': {
      status: '6',
      meaning:
        "another transfer on this machine writes the same file, or another program the session's `authorized_keys`",
    },
    'part-replaced': {
      status: '6',
      meaning: 'another program replaced the unfinished file during the transfer',
    },
    'source-changed': { status: '1', meaning: 'the file became shorter while it was read' },
    'checksum-failed': {
      status: '0',
      meaning:
        'in events `retry` only: a program of the session gave no checksum in time, and the file is read back',
    },
    'endless-output': { status: '1', meaning: 'a program of the session that bai ran printed without end' },
    'tar-failed': {
      status: '0',
      meaning:
        'in events `retry` only: a tar stream of the session is damaged or not complete, and its files go by SFTP',
    },
    'no-size': {
      status: '1',
      meaning: 'the file has content and claims a size of 0, as those of `/proc` do',
    },
    'not-a-file': {
      status: '1',
      meaning:
        'no regular file: as a source, or in the place where a file should go, which is then left as it is',
    },
    'special-file': {
      status: '1',
      meaning: 'a pipe, socket, device or file of unknown type in a folder that is moved; the rest is moved',
    },
    'no-match': { status: '4', meaning: 'nothing matches the pattern' },
    'is-folder': {
      status: '1, or 6 when a folder is where a file should go',
      meaning: 'a folder, and `-r` was not given',
    },
    'not-a-folder': { status: '6', meaning: 'a file where a folder should be' },
    exists: { status: '6', meaning: 'the new folder is already there' },
    'leads-outside': {
      status: '6',
      meaning:
        'a link leads out of the folder that is written to, or may do so, such as one in the place of a fetched file',
    },
    loop: { status: '1', meaning: 'a link leads back to a folder above it' },
    'refused-name': {
      status: '1',
      meaning:
        'the server listed a name that must not become a path, or put one, or a link to one, that was not asked for into a tar stream',
    },
    'not-renamed': {
      status: '1',
      meaning:
        'the old file was removed, but the new one could not get its name; it is whole under the name in the message',
    },
    'too-many-problems': { status: '1', meaning: 'the transfer gave up after 10,000 problems' },
    unsupported: { status: '1', meaning: "the session's file server does not support the request" },
    'remote-disk-full': { status: '1', meaning: 'the disk in the session is full' },
    'disk-full': { status: '1', meaning: 'the disk here is full' },
    'no-room': {
      status: '1',
      meaning: 'a file is larger than the room on the disk here; nothing of it was fetched',
    },
    'local-denied': { status: '1', meaning: 'permission denied on this machine' },
  },
  'This machine, and bai itself': {
    'local-system': { status: '1', meaning: 'this machine refused, for a reason that has no code' },
    'local-enospc': { status: '1', meaning: 'the disk or the quota is full' },
    'local-edquot': { status: '1', meaning: 'the disk or the quota is full' },
    'local-eacces': { status: '1', meaning: 'not permitted, or a read-only file system' },
    'local-eperm': { status: '1', meaning: 'not permitted, or a read-only file system' },
    'local-erofs': { status: '1', meaning: 'not permitted, or a read-only file system' },
    'local-enoent': {
      status: '1',
      meaning: 'no such file, a folder in its place, or links that lead in a circle',
    },
    'local-eisdir': {
      status: '1',
      meaning: 'no such file, a folder in its place, or links that lead in a circle',
    },
    'local-eloop': {
      status: '1',
      meaning: 'no such file, a folder in its place, or links that lead in a circle',
    },
    'file-busy': {
      status: '6',
      meaning:
        "another bai has been changing one of bai's own files, or ssh's configuration, for half a minute",
    },
    'local-eio': { status: '1', meaning: 'the disk reports an error' },
    'local-eaddrinuse': { status: '1', meaning: 'the port is taken' },
    'local-manager-failed': { status: '1', meaning: 'the local manager ended before it answered' },
    'bad-proxy': { status: '2', meaning: 'a proxy variable names no proxy that bai can use' },
    'session-ambiguous': {
      status: '6',
      meaning: 'several live sessions have this name, or several an id that begins so; `ids` names them',
    },
    'not-confirmed': { status: '1', meaning: 'the question on the terminal was answered with no' },
    'upgrade-failed': { status: '5', meaning: 'the WebSocket to the manager did not open' },
    'host-key-strange': {
      status: '1',
      meaning: 'a host key, or the name for it, has no form that can be pinned',
    },
    'local-emfile': { status: '1', meaning: 'too many open files' },
    'local-enotdir': {
      status: '1',
      meaning: 'the path has a file, or a link to nowhere, in the middle, or too long a name',
    },
    'local-enametoolong': {
      status: '1',
      meaning: 'the path has a file, or a link to nowhere, in the middle, or too long a name',
    },
    'local-manager-running': {
      status: '6',
      meaning: 'a local manager with another port or release already runs',
    },
    'local-manager-down': { status: '4', meaning: 'no local manager runs' },
    'local-manager-silent': { status: '5', meaning: 'its process lives and does not answer' },
    failure: { status: '1', meaning: 'anything else that bai explains' },
    interrupted: { status: '129, 130 or 143', meaning: 'SIGHUP, Ctrl-C or SIGTERM' },
    bug: { status: '70', meaning: 'a bug in bai' },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, CodeRow>>>>;

type Codes = typeof errorCodes;

/** The last kind is an error of this system that nobody has words for, by its name in lower case. */
export type ErrorCode = { [Group in keyof Codes]: keyof Codes[Group] }[keyof Codes] | `local-e${string}`;
