/** The genuine Backend.AI managers of the recipes in test/genuine/: started, described, and stopped. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root, run } from './setup.mjs';

/**
 * `port` is the recipe's own default; `client` the Python client of that release, where `up` does not tell it; `settings` the recipe's
 * environment. What has an account for `changing` has a web console before it.
 */
export const recipes = [
  {
    folder: 'manager-26.9',
    release: '26.9.6',
    port: 18091,
    client: 'client',
    openSshEnvironment: 'RM_SSHD=openssh',
    clusters: false,
    // Tests may change its account's SSH keypair.
    spare: 'lee',
    // With a web server before it, and an app proxy beside it. Tests may do with this account whatever they like.
    changing: 'may',
    settings: { RM_WEBSERVER: '1', RM_APPPROXY: '1', RM_TOTP: '1', RM_MAX_PASSWORD_AGE: '3650d' },
  },
  { folder: 'manager-23.09', release: '23.09.10', port: 17091, clusters: true },
];

const recipeFolder = (folder) => join(root, 'test/genuine', folder);

/** Runs a recipe's `up`. */
export function startManager({ folder, release, client, openSshEnvironment, clusters, spare, ...more }) {
  const recipe = recipeFolder(folder);
  const settings = more.settings ?? {};
  run(join(recipe, 'install'), [], { env: { ...process.env, ...settings } });
  const value = valuesOf(recipe, settings);
  const other = spare === undefined ? undefined : valuesOf(recipe, { ...settings, RM_AS: spare });
  const changing = more.changing && valuesOf(recipe, { ...settings, RM_AS: more.changing });
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
    appProxy: value('RM_APPPROXY_ENDPOINT') !== undefined,
    ...(other && {
      spare: { accessKey: other('BACKEND_ACCESS_KEY'), secretKey: other('BACKEND_SECRET_KEY') },
    }),
    ...(changing && {
      console: {
        endpoint: value('RM_WEB_ENDPOINT'),
        ...signInOf(value),
        spare: signInOf(other),
        changing: { ...signInOf(changing), program: join(recipe, 'account') },
      },
    }),
  };
}

function signInOf(value) {
  return { email: value('RM_WEB_EMAIL'), password: value('RM_WEB_PASSWORD') };
}

/** What `up` prints as export lines; it leaves alone what runs already. */
function valuesOf(recipe, environment = {}) {
  const { status, stdout } = spawnSync(join(recipe, 'up'), [], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    env: { ...process.env, ...environment },
  });
  if (status !== 0) throw new Error(`the manager of ${recipe} did not start`);
  return (name) => new RegExp(`^export ${name}=['"]?([^'"\\n]*)`, 'm').exec(stdout)?.[1];
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
