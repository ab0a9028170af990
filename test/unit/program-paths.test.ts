/** What PATH may lead to, and what it may not. */

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { programPaths, windowsProgram } from '../../src/core/program-paths.ts';
import { findProgram, programPath } from '../../src/ssh/programs.ts';
import { tempFolder } from '../support/temp-folder.ts';

test.each<[NodeJS.Platform, string, string[]]>([
  ['linux', '/usr/bin:/bin/', ['/usr/bin/xclip', '/bin/xclip']],
  ['linux', '.:/bin', ['/bin/xclip']],
  ['linux', ':/bin:', ['/bin/xclip']],
  ['linux', 'bin:./bin:../bin:~/bin:/bin', ['/bin/xclip']],
  ['linux', '', []],
  ['win32', 'C:\\Windows\\;.;;bin;\\\\host\\share', ['C:\\Windows\\xclip.exe', '\\\\host\\share\\xclip.exe']],
  ['win32', 'c:tools;\\tools;D:/tools', ['D:/tools\\xclip.exe']],
])('%s, PATH=%s: %j', (platform, PATH, paths) => {
  expect(programPaths('xclip', { platform, environment: { PATH } })).toEqual(paths);
});

test.each([
  [undefined, 'C:\\Windows'],
  ['', 'C:\\Windows'],
  ['.', 'C:\\Windows'],
  ['D:\\WINNT\\', 'D:\\WINNT'],
])('with SystemRoot=%s programs of Windows are below %s', (SystemRoot, root) => {
  expect(windowsProgram('cmd.exe', { SystemRoot })).toBe(`${root}\\System32\\cmd.exe`);
});

test.skipIf(process.platform === 'win32')(
  'the first program that can be started is found, and no folder',
  () => {
    using folder = tempFolder();
    const places = ['folder', 'plain', 'real'].map((name) => join(folder.path, name));
    for (const place of places) mkdirSync(place);
    const [asFolder = '', plain = '', real = ''] = places.map((place) => join(place, 'tool'));
    mkdirSync(asFolder);
    writeFileSync(plain, '', { mode: 0o644 });
    writeFileSync(real, '#!/bin/sh\n');
    chmodSync(real, 0o755);
    const environment = { PATH: places.join(':') };
    expect(findProgram('tool', environment)).toBe(real);
    expect(findProgram('other', environment)).toBeUndefined();
    expect(programPath(real, {})).toBe(real);
  },
);
