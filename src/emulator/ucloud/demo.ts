/** Who and what is there when nobody says otherwise. */

import type { UcloudProject, UcloudUser } from './accounts.ts';
import type { UcloudApplication, UcloudProduct } from './catalog.ts';

export const demoUser: UcloudUser = {
  username: 'demo',
  password: 'local-emulator-password',
  email: 'demo@local.test',
  firstNames: 'Demo',
  lastName: 'User',
};

/** Of the first token; good on this machine only. */
export const demoSecret = 'localemulatorsecret0000000000000000000001';

export const demoProject: UcloudProject = {
  id: '00000000-0000-4000-8000-000000000001',
  title: 'Local project',
  members: { demo: 'PI' },
  allocations: ['u1-small'],
  canConsumeResources: true,
};

export const demoApplications: readonly UcloudApplication[] = [
  { name: 'terminal-ubuntu', version: '22.04', ssh: 'OPTIONAL' },
  { name: 'terminal-ubuntu', version: '24.04', ssh: 'OPTIONAL' },
  { name: 'always-ssh', version: '1', ssh: 'MANDATORY' },
  { name: 'no-ssh', version: '1', ssh: 'DISABLED' },
  { name: 'no-sftp', version: '1', ssh: 'OPTIONAL', hasSftp: false },
  {
    ...{ name: 'coder', version: '1', ssh: 'OPTIONAL' as const },
    parameters: [
      { type: 'input_directory', name: 'folder', optional: true },
      { type: 'integer', name: 'workers', optional: true, min: 1, max: 64 },
    ],
  },
];

export const demoProducts: readonly UcloudProduct[] = [1, 2, 4].map((cpu) => ({
  ...{ id: `u1-small-${cpu}`, category: 'u1-small', provider: 'local' },
  ...{ description: 'A small machine', cpu, memoryInGigs: cpu * 4, backends: ['DOCKER', 'VIRTUAL_MACHINE'] },
}));
