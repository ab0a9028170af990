/** Loaded before a program by `--require`: it tells what is alive in its memory, garbage left out, whenever it gets SIGUSR2. */

const { renameSync, writeFileSync } = require('node:fs');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');
const path = process.env.BAI_TEST_LIVE_MEMORY;

process.on('SIGUSR2', () => {
  collectGarbage();
  // What is finalised by the first is free after the second.
  setImmediate(() => {
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    writeFileSync(`${path}.new`, String(heapUsed + external));
    renameSync(`${path}.new`, path);
  });
});
