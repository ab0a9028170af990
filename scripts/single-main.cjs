'use strict';

// The main script of the single executable: what bin/bai.cjs is to the package. scripts/build-single.mjs says how it is made.
const { getAsset, getRawAsset } = require('node:sea');
const { homedir } = require('node:os');
const { writeSync } = require('node:fs');
const { dirname } = require('node:path');
const { Script } = require('node:vm');

const words = process.argv.slice(2).join(' ');

function print(fd, text) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      if (error.code !== 'EAGAIN') return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

function load() {
  // Libraries ask for the home folder as they are loaded, and an account without an entry in the password file has none.
  try {
    homedir();
  } catch {
    process.env.HOME = '';
  }
  // Compiled as it was when it was built, where this is the release and the system that it was built with.
  const cachedData = cacheOf();
  const script = new Script(getAsset('bai.js', 'utf8'), { filename: 'bai.js', cachedData });
  const module = { exports: {} };
  // Nothing lies beside the script; libraries only ask where that would be.
  script.runInThisContext()(require, module, module.exports, process.execPath, dirname(process.execPath));
}

function cacheOf() {
  try {
    return Buffer.from(getRawAsset('bai.cache'));
  } catch {
    return undefined;
  }
}

if (words === '--version' || words === '-V') print(1, `${getAsset('version', 'utf8')}\n`);
else if (words === '--help' || words === '-h') print(1, getAsset('help.txt', 'utf8'));
else load();
