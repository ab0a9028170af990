#!/usr/bin/env node
// Plain JavaScript that every Node reads: it must run to say that it cannot.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`error: bai needs Node 20.19 or later; this is ${process.versions.node}\n`);
  process.stderr.write('hint: install a current Node (https://nodejs.org)\n');
  process.exitCode = 1;
} else {
  await import('../dist/cli.js');
}
