/** What is moved: random bytes, on this machine and in the session. */

import { createCipheriv, randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { launcher } from './contenders.mjs';
import { output } from './processes.mjs';

const filesInFolder = 500;

export function nameOf({ files, bytes, isSparse }) {
  if (isSparse) return 'sparse.bin';
  return files === 1 ? `file-${bytes}.bin` : `tree-${files}`;
}

/** One checksum over the checksums of all files below a name, for either side's shell. */
export function treeScript(name) {
  return `find ${name} -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum\n`;
}

/** Makes each source when it is first needed and keeps it for later rows; the one before goes when `only` says so. */
export class Sources {
  #local;
  #line;
  #made = new Map();

  constructor(local, line) {
    this.#local = local;
    this.#line = line;
    mkdirSync(`${local}/have`, { recursive: true });
  }

  /** On the side that it is taken from. */
  async need({ files, bytes }, direction) {
    const perFile = files === 1 ? bytes : 4096;
    const name = nameOf({ files, bytes });
    let made = this.#made.get(name);
    if (made === undefined) {
      if (files === 1) fillFile(`${this.#local}/have/${name}`, bytes);
      else fillTree(`${this.#local}/have/${name}`, files, perFile);
      const sum = await output(['sh', '-c', `cd '${this.#local}/have' && ${treeScript(name)}`]);
      made = { name, sum: sum.trim(), bytes: files * perFile, isThere: false };
      this.#made.set(name, made);
    }
    if (direction === 'get' && !made.isThere) {
      await this.#send(made);
      made.isThere = true;
    }
    return made;
  }

  async #send({ name, sum }) {
    await this.#line.run('mkdir -p have\n');
    const words = [process.execPath, launcher, '-q', 'sftp', 'put', '-r'];
    await output(
      [...words, `${this.#local}/have/${name}`, `${this.#line.session}:${this.#line.folder}/have/`],
      { env: this.#line.env },
    );
    const there = await this.#line.run(`cd have && ${treeScript(name)}`);
    if (there.trim() !== sum) throw new Error(`${name} did not arrive in the session as it is here`);
  }

  /** Large ones take memory or disk that the next rows need. */
  async drop(keep) {
    for (const { name } of this.#made.values()) {
      if (keep.includes(name)) continue;
      rmSync(`${this.#local}/have/${name}`, { recursive: true });
      await this.#line.run(`rm -rf have/${name}\n`);
      this.#made.delete(name);
    }
  }
}

function fillFile(path, bytes) {
  const stream = createCipheriv('aes-128-ctr', randomBytes(16), randomBytes(16));
  const zeros = Buffer.alloc(1024 * 1024);
  const file = openSync(path, 'w');
  for (let left = bytes; left > 0; left -= zeros.length) {
    writeSync(file, stream.update(zeros.subarray(0, Math.min(left, zeros.length))));
  }
  closeSync(file);
}

function fillTree(path, files, perFile) {
  for (let index = 0; index < files; index += 1) {
    const folder = `${path}/${Math.floor(index / filesInFolder)}`;
    if (index % filesInFolder === 0) mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/${index}.bin`, randomBytes(perFile));
  }
}
