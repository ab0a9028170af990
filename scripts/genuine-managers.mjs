/** The genuine Backend.AI managers of the recipes in test/genuine/: started, described, and stopped. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root, run } from './setup.mjs';

/** `port` is the recipe's own default; `client` the Python client of that release, where `up` does not tell it. */
export const recipes = [
  {
    folder: 'manager-26.9',
    release: '26.9.6',
    port: 18091,
    client: 'client',
    openSshEnvironment: 'RM_SSHD=openssh',
    clusters: false,
  },
  { folder: 'manager-23.09', release: '23.09.10', port: 17091, clusters: true },
];

const recipeFolder = (folder) => join(root, 'test/genuine', folder);

/** Runs a recipe's `up` and reads the export lines it prints. */
export function startManager({ folder, release, client, openSshEnvironment, clusters }) {
  const recipe = recipeFolder(folder);
  run(join(recipe, 'install'), []);
  const { status, stdout } = spawnSync(join(recipe, 'up'), [], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the manager of ${folder} did not start`);
  const value = (name) => new RegExp(`^export ${name}=['"]?([^'"\\n]*)`, 'm').exec(stdout)?.[1];
  return {
    name: release,
    release,
    endpoint: value('BACKEND_ENDPOINT'),
    accessKey: value('BACKEND_ACCESS_KEY'),
    secretKey: value('BACKEND_SECRET_KEY'),
    image: 'python',
    client: client === undefined ? value('REALMANAGER_CLIENT') : join(recipe, client),
    openSshEnvironment,
    clusters,
  };
}

export function stopManager({ folder }) {
  spawnSync(join(recipeFolder(folder), 'down'), [], { stdio: ['ignore', 2, 2] });
}

/** Whether somebody has started it already. */
export async function isManagerUp({ port }) {
  try {
    return (await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(5_000) })).ok;
  } catch {
    return false;
  }
}
