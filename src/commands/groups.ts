/** The groups that most commands are in. */

/** What the groups are for, in the order of the help. */
export const groups: Readonly<Record<string, string>> = {
  session: 'create, find and end compute sessions',
  image: 'what sessions can be made of',
  vfolder: 'the folders that sessions can mount',
  resource: 'what there is to run on, and how much you may use',
  project: 'the projects that you are in',
  app: 'the apps of a session, and ports of this machine that lead to them',
  forward: 'ports of a session on this machine, also in the background',
  'ssh-config': 'let ssh, scp, git and editors reach sessions as NAME.bai',
  sftp: 'move files into and out of a session',
  key: "your SSH keys, and the sessions'",
  'host-key': 'the host keys of sessions',
  config: 'settings and where they come from',
  profile: 'several accounts side by side',
  provider: 'the platforms bai reaches',
  local: 'a manager on this machine, to try bai without a cluster',
};
