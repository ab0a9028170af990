/** The programs the tests talk to: which are missing, and how Debian-like systems get them. */

import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { aptGet } from './apt.mjs';
import { installSessionDropbear } from './session-dropbear.mjs';

/** Program → its Debian package, and what its lack leaves out. */
const programs = {
  ssh: ['openssh-client', 'everything that runs ssh, sftp or scp'],
  sshd: ['openssh-server', 'transfers to OpenSSH'],
  dropbear: ['dropbear-bin', 'transfers to dropbear'],
  rsync: ['rsync', 'the printed rsync command'],
  puttygen: ['putty-tools', 'the checks of key formats, and the clients of PuTTY'],
  tmux: ['tmux', 'the terminal on a real screen'],
  strace: ['strace', 'the modes of key files at every moment'],
  openssl: ['openssl', 'TLS errors'],
  curl: ['curl', 'the dynamic forwards'],
  'secret-tool': ['libsecret-tools', 'secrets in a real keyring'],
  'gnome-keyring-daemon': ['gnome-keyring', 'secrets in a real keyring'],
  'dbus-run-session': ['dbus', 'secrets in a real keyring'],
  mandoc: ['mandoc', 'the form of the manual pages'],
  zsh: ['zsh', 'what Tab offers in zsh'],
  fish: ['fish', 'what Tab offers in fish'],
  tinyproxy: ['tinyproxy-bin', 'a real HTTP proxy'],
  microsocks: ['microsocks', 'a real SOCKS proxy'],
};

/** Installs what is missing where it can, and returns the names of what is missing still. */
export async function installPrograms() {
  const before = missingPrograms();
  if (before.length > 0 && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) await install(before);
  const missing = missingPrograms();
  for (const name of missing)
    console.error(
      `${name} is not on this machine (Debian: ${programs[name][0]}); left out: ${programs[name][1]}`,
    );
  const problem = installSessionDropbear();
  if (problem === undefined) return missing;
  console.error(`no dropbear of real sessions: ${problem}; left out: the tests with it`);
  return [...missing, 'dropbear of real sessions'];
}

async function install(names) {
  const packages = [...new Set(names.map((name) => programs[name][0])), 'openssh-sftp-server'];
  console.error(`installing ${packages.join(', ')} …`);
  try {
    await aptGet(['update', '-qq']);
    await aptGet(['install', '-y', '-qq', '--no-install-recommends', ...packages]);
  } catch (error) {
    // What is missing is reported by name; a machine without package sources still runs the other tests.
    console.error(error.message);
  }
}

function missingPrograms() {
  return Object.keys(programs).filter((name) => !isOnPath(name));
}

function isOnPath(program) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
