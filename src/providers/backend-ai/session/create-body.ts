/** The body of `POST /session`. Only keys that are set: generations up to 26.2 refuse a key they do not know. */

import type { ComputeSessionRequest } from './compute-session.ts';

export function createBody(request: ComputeSessionRequest): Record<string, unknown> {
  const { architecture, startupCommand, bootstrapScript, tag, priority } = request;
  return {
    image: request.image,
    name: request.name,
    type: request.type,
    group: request.project,
    domain: request.domain,
    clusterSize: request.clusterSize,
    clusterMode: request.clusterMode,
    enqueueOnly: true,
    reuseIfExists: request.reuse,
    ...(architecture !== undefined && { architecture }),
    ...(startupCommand !== undefined && { startupCommand }),
    ...(bootstrapScript !== undefined && { bootstrap_script: bootstrapScript }),
    ...(tag !== undefined && { tag }),
    ...(priority !== undefined && { priority }),
    config: configOf(request),
  };
}

function configOf(request: ComputeSessionRequest): Record<string, unknown> {
  const { mounts, environment, resources, resourceOptions, resourceGroup, preopenPorts } = request;
  const targets = Object.entries(mounts).filter(([, path]) => path !== '');
  return {
    ...(Object.keys(mounts).length > 0 && { mounts: Object.keys(mounts) }),
    ...(targets.length > 0 && { mount_map: Object.fromEntries(targets) }),
    ...(Object.keys(environment).length > 0 && { environ: environment }),
    ...(Object.keys(resources).length > 0 && { resources }),
    ...(Object.keys(resourceOptions).length > 0 && { resource_opts: resourceOptions }),
    ...(resourceGroup !== undefined && { scaling_group: resourceGroup }),
    ...(preopenPorts.length > 0 && { preopen_ports: preopenPorts }),
  };
}
