/** A home of its own for each test of `bai key`, with its ssh folder. */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach } from 'vitest';
import { type BaiOptions, type BaiResult, bai } from './bai.ts';
import { type TempFolder, tempFolder } from './temp-folder.ts';

export interface KeyHome {
  readonly path: string;
  readonly ssh: string;
  /** The path of a file in the ssh folder. */
  readonly at: (name: string) => string;
  readonly key: (args: readonly string[], options?: Partial<BaiOptions>) => Promise<BaiResult>;
}

export function useKeyHome(): KeyHome {
  let home: TempFolder | undefined;
  beforeEach(() => {
    const made = tempFolder();
    home = made;
    return () => made[Symbol.dispose]();
  });
  const path = (): string => {
    if (home === undefined) throw new Error('a home is there while a test runs');
    return home.path;
  };
  return {
    get path() {
      return path();
    },
    get ssh() {
      return join(path(), '.ssh');
    },
    at: (name) => join(path(), '.ssh', name),
    key: (args, options = {}) => bai(['key', ...args], { home: path(), ...options }),
  };
}

export const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
