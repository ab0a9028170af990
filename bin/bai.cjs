#!/usr/bin/env node
'use strict';

// CommonJS that every Node reads: it must run to say that it cannot, and starts sooner than a module.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const dist = join(__dirname, '..', 'dist');
const words = process.argv.slice(2).join(' ');
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`error: bai needs Node 20.19 or later; this is ${process.versions.node}\n`);
  process.stderr.write('hint: install a current Node (https://nodejs.org)\n');
  process.exitCode = 1;
} else if (words === '--version' || words === '-V') {
  process.stdout.write(`${require('../package.json').version}\n`);
} else if (words === '--help' || words === '-h') {
  // Rendered by the build from the command tree, so that the most frequent question loads nothing.
  process.stdout.write(readFileSync(join(dist, 'help.txt')));
} else {
  import('../dist/cli.js').catch((error) => {
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
    process.stderr.write('error: bai could not be loaded\nhint: install it again\n');
    process.exitCode = 70;
  });
}
