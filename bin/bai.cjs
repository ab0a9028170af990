#!/usr/bin/env node
'use strict';

// CommonJS that every Node reads: it must run to say that it cannot, and starts sooner than a module.
const { readFileSync, writeSync } = require('node:fs');
const { homedir } = require('node:os');
const { join } = require('node:path');

const dist = join(__dirname, '..', 'dist');
const words = process.argv.slice(2).join(' ');
const [major, minor] = process.versions.node.split('.').map(Number);

/** Not by process.stdout, which makes a pipe non-blocking for everybody who shares it. */
function print(fd, text) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      // Somebody else has made it so, and its reader is slow.
      if (error.code !== 'EAGAIN') return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

/** Node opens all files of a module's imports at the same time, which a small limit does not allow. */
async function load() {
  // Libraries ask for the home folder as they are loaded, and an account without an entry in the password file has none.
  try {
    homedir();
  } catch {
    process.env.HOME = '';
  }
  if (mostOpenFiles() < 256) {
    for (const name of JSON.parse(readFileSync(join(dist, 'order.json')))) await import(`../dist/${name}`);
  }
  await import('../dist/cli.js');
}

/** Linux says it. Elsewhere Node has raised it to what is enough. */
function mostOpenFiles() {
  try {
    return Number(
      /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1] ?? Infinity,
    );
  } catch {
    return Infinity;
  }
}

if (major < 20 || (major === 20 && minor < 19)) {
  print(2, `error: bai needs Node 20.19 or later; this is ${process.versions.node}\n`);
  print(2, 'hint: install a current Node (https://nodejs.org)\n');
  process.exitCode = 1;
} else if (words === '--version' || words === '-V') {
  print(1, `${require('../package.json').version}\n`);
} else if (words === '--help' || words === '-h') {
  // Rendered by the build from the command tree, so that the most frequent question loads nothing.
  print(1, readFileSync(join(dist, 'help.txt')));
} else {
  load().catch((error) => {
    print(2, `${error instanceof Error ? error.stack : error}\n`);
    print(2, 'error: bai could not be loaded\nhint: install it again\n');
    process.exitCode = 70;
  });
}
