/** What is measured: the jobs, the lines they run over, the rivals of each, and how far bai is to be ahead. */

export const MiB = 1024 * 1024;
export const GiB = 1024 * MiB;

const bai = ['bai', 'bai --no-verify'];
const all = [...bai, 'sftp', 'sftp -B 261120', 'scp', 'rsync', 'python + sftp'];
const few = ['bai', 'sftp', 'python + sftp'];

/** `linkShare`: it is enough to fill so much of the line, where that is less. */
function file(bytes, roundTripMs, contenders, targets = {}) {
  const name = bytes >= GiB ? `${bytes / GiB} GiB` : `${bytes / MiB} MiB`;
  return ['put', 'get'].map((direction) => ({
    job: `${direction} ${name}`,
    direction,
    source: { files: 1, bytes },
    roundTripMs,
    contenders,
    targets,
    ...(roundTripMs > 0 && { linkShare: 0.85 }),
  }));
}

/** `sample`: of so many files only, and its time scaled up, where all would take most of an hour. */
function tree(files, roundTripMs, { targets, sample }) {
  return ['put', 'get'].map((direction) => ({
    job: `${direction} ${files.toLocaleString('en')} files of 4 KiB`,
    direction,
    source: { files, bytes: files * 4096 },
    roundTripMs,
    contenders: ['bai', 'sftp', 'rsync', 'tar over ssh', 'python + sftp'],
    targets,
    ...(sample && { sample }),
  }));
}

function memory(bytes) {
  return ['put', 'get'].map((direction) => ({
    job: `memory of ${direction} ${bytes / GiB} GiB sparse`,
    direction,
    source: { files: 1, bytes, isSparse: true },
    roundTripMs: 0,
    isMemory: true,
  }));
}

/** On a session's dropbear, through the embedded manager's relay or a genuine one's. */
export const dropbearRows = [
  ...file(GiB, 0, all, { sftp: 1.3, 'python + sftp': 2 }),
  ...file(256 * MiB, 10, few),
  ...file(256 * MiB, 50, all, { sftp: 4 }),
  ...file(GiB, 50, bai),
  ...file(256 * MiB, 150, few, { sftp: 6 }),
  ...tree(10_000, 0, { targets: { sftp: 8, rsync: 1.2 } }),
  ...tree(10_000, 50, { targets: { sftp: 50, rsync: 1.5 }, sample: { sftp: 200, 'python + sftp': 100 } }),
  ...memory(8 * GiB),
];

/** On OpenSSH's sshd. */
export const sshdRows = [...file(GiB, 0, few), ...file(256 * MiB, 50, few)];

/** A few seconds: whether the bench works, not how fast anything is. */
export const quickRows = [
  ...file(4 * MiB, 0, all, { sftp: 1.3 }),
  ...file(2 * MiB, 10, few, { sftp: 4 }),
  ...tree(30, 0, { targets: { rsync: 1.2 }, sample: { sftp: 10 } }),
  ...memory(GiB / 16),
];
