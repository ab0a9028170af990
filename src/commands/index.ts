/** Every command: one line here and one file beside it. Only the file of the command that runs is loaded. */

import type { CommandEntry } from './shared/command.ts';

/** What the groups are for, in the order of the help. */
export const groups: Readonly<Record<string, string>> = {
  session: 'create, find and end compute sessions',
  image: 'what sessions can be made of',
  vfolder: 'the folders that sessions can mount',
  resource: 'what there is to run on, and what you may use of it',
  project: 'the projects that you are in',
  app: 'ssh into a session, or forward its apps to this machine',
  'ssh-config': 'let ssh, scp, rsync, git and editors reach sessions as NAME.bai',
  sftp: 'move files into and out of a session',
  key: "your SSH keys, and the sessions'",
  'host-key': 'the host keys of sessions',
  config: 'settings and where they come from',
  provider: 'the platforms bai reaches',
  local: 'a manager on this machine, to try bai without a cluster',
};

export const commands: readonly CommandEntry[] = [
  {
    path: 'session create',
    summary: 'create a session and wait until it runs',
    aliases: ['start'],
    load: () => import('./session/create.ts'),
  },
  {
    path: 'session list',
    summary: 'list your sessions',
    aliases: ['ls', 'ps'],
    load: () => import('./session/list.ts'),
  },
  {
    path: 'session info',
    summary: 'show everything about a session',
    load: () => import('./session/info.ts'),
  },
  {
    path: 'session logs',
    summary: "print a session's console output",
    load: () => import('./session/logs.ts'),
  },
  { path: 'session wait', summary: 'wait until a session runs', load: () => import('./session/wait.ts') },
  {
    path: 'session rename',
    summary: 'rename a running session',
    load: () => import('./session/rename.ts'),
  },
  {
    path: 'session extend',
    summary: 'give a session more time, where sessions end by themselves',
    load: () => import('./session/extend.ts'),
  },
  {
    path: 'session terminate',
    summary: 'end sessions',
    aliases: ['destroy', 'rm', 'kill'],
    load: () => import('./session/terminate.ts'),
  },
  {
    path: 'image list',
    summary: 'list the images that you can use',
    aliases: ['ls'],
    load: () => import('./image/list.ts'),
  },
  {
    path: 'vfolder list',
    summary: 'list the virtual folders that you can mount',
    aliases: ['ls'],
    load: () => import('./vfolder/list.ts'),
  },
  {
    path: 'resource list',
    summary: 'show what is free in each resource group, your limits, and presets',
    aliases: ['ls'],
    load: () => import('./resource/list.ts'),
  },
  {
    path: 'project list',
    summary: 'list your projects, and which one new sessions belong to',
    aliases: ['ls'],
    load: () => import('./project/list.ts'),
  },
  {
    path: 'app list',
    summary: 'list the apps of a session',
    aliases: ['ls'],
    load: () => import('./app/list.ts'),
  },
  {
    path: 'app ssh',
    summary: 'open a shell in a session, or run a command there',
    afterSession: 'ssh',
    load: () => import('./app/ssh.ts'),
  },
  {
    path: 'ssh',
    summary: 'the same as `bai app ssh`',
    afterSession: 'ssh',
    load: () => import('./app/ssh.ts'),
  },
  {
    path: 'exec',
    summary: 'run a command in one or all containers of a session',
    afterSession: 'command',
    load: () => import('./exec.ts'),
  },
  {
    path: 'app forward',
    summary: 'keep a local port open to an app of a session',
    load: () => import('./app/forward.ts'),
  },
  {
    path: 'open',
    summary: 'open a folder of a session in an editor, or in a program for files',
    load: () => import('./open.ts'),
  },
  {
    path: 'ssh-config install',
    summary: 'add your sessions to ~/.ssh/config, or update them there',
    load: () => import('./ssh-config/install.ts'),
  },
  {
    path: 'ssh-config print',
    summary: 'print what ssh-config install writes',
    load: () => import('./ssh-config/print.ts'),
  },
  {
    path: 'ssh-config remove',
    summary: 'restore ~/.ssh/config to what it was before',
    load: () => import('./ssh-config/remove.ts'),
  },
  { path: 'sftp put', summary: 'copy files into a session', load: () => import('./sftp/put.ts') },
  { path: 'sftp get', summary: 'copy files out of a session', load: () => import('./sftp/get.ts') },
  {
    path: 'sftp sync',
    summary: 'make one folder mirror another, into or out of a session',
    load: () => import('./sftp/sync.ts'),
  },
  {
    path: 'sftp shell',
    summary: 'browse and move the files of a session by typing commands',
    load: () => import('./sftp/shell.ts'),
  },
  { path: 'sftp ls', summary: 'list a folder of a session', load: () => import('./sftp/ls.ts') },
  { path: 'sftp mkdir', summary: 'make a folder in a session', load: () => import('./sftp/mkdir.ts') },
  { path: 'sftp rm', summary: 'remove files from a session', load: () => import('./sftp/rm.ts') },
  { path: 'sftp mv', summary: 'rename or move a file inside a session', load: () => import('./sftp/mv.ts') },
  {
    path: 'sftp stat',
    summary: 'show size, mode and times of a file in a session',
    load: () => import('./sftp/stat.ts'),
  },
  {
    path: 'sftp site',
    summary: 'write a site for FileZilla to import',
    load: () => import('./sftp/site.ts'),
  },
  {
    path: 'sftp speedtest',
    summary: 'measure the connection to a session, and remember the fastest settings',
    load: () => import('./sftp/speedtest.ts'),
  },
  {
    path: 'key list',
    summary: 'list your SSH keys, and what is wrong with them',
    aliases: ['ls'],
    load: () => import('./key/list.ts'),
  },
  {
    path: 'key generate',
    summary: 'make a new SSH key',
    load: () => import('./key/generate.ts'),
  },
  {
    path: 'key show',
    summary: 'print the public half of a key, or copy it',
    load: () => import('./key/show.ts'),
  },
  {
    path: 'key convert',
    summary: 'write a key in the format of PuTTY, OpenSSH, PEM or PKCS#8',
    load: () => import('./key/convert.ts'),
  },
  {
    path: 'key fetch',
    summary: "save a session's private key for ssh",
    load: () => import('./key/fetch.ts'),
  },
  {
    path: 'key authorize',
    summary: 'let another public key log in to a session',
    load: () => import('./key/authorize.ts'),
  },
  {
    path: 'key deauthorize',
    summary: 'remove a key from a session',
    load: () => import('./key/deauthorize.ts'),
  },
  {
    path: 'key status',
    summary: 'show whether new sessions accept your id_container',
    load: () => import('./key/status.ts'),
  },
  {
    path: 'key rotate',
    summary: 'have the manager make a new key for your sessions, and save it',
    load: () => import('./key/rotate.ts'),
  },
  {
    path: 'key upload',
    summary: 'have every new session use a key of yours',
    load: () => import('./key/upload.ts'),
  },
  {
    path: 'key remove',
    summary: 'remove a public key from your account, on platforms that keep them there',
    aliases: ['rm'],
    load: () => import('./key/remove.ts'),
  },
  {
    path: 'key prune',
    summary: 'remove the key files of sessions that are gone',
    load: () => import('./key/prune.ts'),
  },
  {
    path: 'host-key show',
    summary: 'show the fingerprints pinned for a session',
    load: () => import('./host-key/show.ts'),
  },
  {
    path: 'host-key forget',
    summary: 'forget the host key of a session',
    load: () => import('./host-key/forget.ts'),
  },
  {
    path: 'config list',
    summary: 'show all settings and where each comes from',
    load: () => import('./config/list.ts'),
  },
  { path: 'config get', summary: 'print one setting', load: () => import('./config/get.ts') },
  { path: 'config set', summary: 'store a setting in the profile', load: () => import('./config/set.ts') },
  {
    path: 'config unset',
    summary: 'remove a setting from the profile',
    load: () => import('./config/unset.ts'),
  },
  { path: 'config path', summary: 'print where the profile file is', load: () => import('./config/path.ts') },
  {
    path: 'provider list',
    summary: 'list the platforms, and what each can do',
    load: () => import('./provider/list.ts'),
  },
  { path: 'login', summary: 'sign in', load: () => import('./login.ts') },
  { path: 'logout', summary: 'sign out', load: () => import('./logout.ts') },
  { path: 'whoami', summary: 'show who is signed in, and where', load: () => import('./whoami.ts') },
  { path: 'welcome', summary: 'what `bai` alone says', hidden: true, load: () => import('./welcome.ts') },
  { path: 'local up', summary: 'start the local manager', load: () => import('./local/up.ts') },
  {
    path: 'local down',
    summary: 'end the local manager and its sessions',
    load: () => import('./local/down.ts'),
  },
  {
    path: 'local status',
    summary: 'show whether the local manager is running',
    load: () => import('./local/status.ts'),
  },
  {
    path: 'local serve',
    summary: 'run the local manager in this process',
    hidden: true,
    load: () => import('./local/serve.ts'),
  },
];
