/** Answers of Linux and of Windows side by side: only what must differ is made equal, and each has its reason. */

/** What stands for the same on both, and is spelt otherwise. */
export function comparable(text, { folder, isWindows, masks }) {
  let out = text;
  // Each has a manager, a session and keys of its own.
  for (const [value, name] of masks) out = out.replaceAll(value, name);
  // Its own folder, by the rules of its own paths: also where JSON doubles the backslashes.
  if (isWindows)
    for (const root of [folder.replaceAll('\\', '\\\\'), folder])
      out = out.replaceAll(pathsBelow(root), (path) => path.replaceAll(/\\+/g, '/'));
  if (isWindows) for (const [pattern, name] of ofWindows) out = out.replaceAll(pattern, name);
  out = out.replaceAll(isWindows ? folder.replaceAll('\\', '/') : folder, '<folder>');
  for (const [pattern, name] of differing) out = out.replaceAll(pattern, name);
  return out;
}

/** Up to what cannot be in a path, or stands behind one. */
function pathsBelow(root) {
  return new RegExp(`${root.replaceAll(/[\\$.+(){}[\]|^*?]/g, '\\$&')}[^\\n"'<>|?*]*`, 'g');
}

const ofWindows = [
  // What env-paths adds there, for there is one folder for settings and data.
  [/\/bai\/(?:Config|Data)\//g, '/bai/'],
  // Paths that begin where bai was started.
  [/\bsrc\\[^\n"]* ->/g, (path) => path.replaceAll('\\', '/')],
];

const differing = [
  // Of each session.
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>'],
  [/\b[0-9a-f]{8}(?=[,)\s])/g, '<short id>'],
  // Of each key.
  [/SHA256:[A-Za-z0-9+/]{43}/g, '<fingerprint>'],
  [/MD5:(?:[0-9a-f]{2}:){15}[0-9a-f]{2}/g, '<md5>'],
  [/AAAA[A-Za-z0-9+/]{20,}=*/g, '<public key>'],
  [/(?<=\t)[A-Za-z0-9+/]{43}$/gm, '<digest>'],
  [/^(?:\||\+-).*(?:\||-\+)$/gm, '<picture>'],
  // Windows has no modes.
  [/("path": "<folder>[^\n]*",\n)\s*"mode": "\d+",\n/g, '$1'],
  [/(<folder>[^\t\n]*(?:\t[^\t\n]*){3}\t)(?:0\d{3}|-)(?=\t)/g, '$1<mode>'],
  // What is seen of the way to RUNNING depends on the moment.
  [/^\w+: (?!RUNNING)[A-Z]+\n/gm, ''],
  // When, and how fast.
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z| ?[A-Z]{3,4}| [+-]\d\d:?\d\d)?/g, '<time>'],
  [/\b\d+(?:\.\d+)? ?(?:ms|s)\b/g, '<duration>'],
  [/\b\d+(?:\.\d+)? [KMG]?i?B\/s/g, '<rate>'],
  [/"(seconds|bytesPerSecond|elapsedMs|durationMs)": ?[\d.]+/g, '"$1": <number>'],
  // Each forward has its own.
  [/127\.0\.0\.1:\d{4,5}/g, '127.0.0.1:<port>'],
];

/** The first line in which two texts differ, or nothing. */
export function difference(linux, windows) {
  const [left, right] = [linux, windows].map((text) => text.split('\n'));
  const at = left.findIndex((line, index) => line !== right[index]);
  if (at < 0 && left.length === right.length) return undefined;
  const line = at < 0 ? left.length : at;
  return `line ${line + 1}\n      linux:   ${JSON.stringify(left[line])}\n      windows: ${JSON.stringify(right[line])}`;
}

/** What is wrong with a step, in words; nothing when all is as it has to be. `linux` is missing for what Windows alone does. */
export function problemsOf(windows, linux, sides) {
  if (windows === undefined) return ['it was not come to'];
  const problems = [];
  for (const [name, result] of [
    ['linux', linux],
    ['windows', windows],
  ])
    if (result?.failure) problems.push(`${name}: ${result.failure}`);
  if (linux === undefined || problems.length > 0) return problems;
  for (const [index, call] of windows.calls.entries()) {
    const other = linux.calls[index];
    const what = `bai ${call.args.join(' ')}`;
    if (other === undefined) {
      problems.push(`${what}: only on windows`);
      continue;
    }
    if (call.status !== other.status)
      problems.push(`${what}: status ${call.status} where Linux has ${other.status}\n${call.stderr}`);
    for (const stream of ['stdout', 'stderr']) {
      const found = difference(
        comparable(other[stream], sides.linux),
        comparable(call[stream], sides.windows),
      );
      if (found !== undefined) problems.push(`${what}: ${stream}, ${found}`);
    }
  }
  const values = [linux, windows].map(({ value }) => JSON.stringify(value, null, 1));
  const found = difference(...values);
  if (found !== undefined) problems.push(`what came of it: ${found}`);
  return problems;
}
