/** Hardware and software that the emulated platform offers; fields as its clients show them, values invented. */

export interface CoreType {
  readonly code: string;
  readonly name: string;
  /** Of one machine: it has one of these numbers of cores. */
  readonly cores: readonly number[];
  readonly price: number;
  readonly lowPriorityPrice: string;
  readonly isDeprecated: boolean;
}

export const coreTypes: readonly CoreType[] = [
  coreType('emerald', 'Emerald', { cores: [1, 2, 4, 8], price: 0.2, lowPriorityPrice: '0.100' }),
  coreType('granite', 'Granite', { cores: [2, 4, 18, 36], price: 0.1751, lowPriorityPrice: '0.0988' }),
  coreType('marble', 'Marble', { cores: [1, 2], price: 0.1, lowPriorityPrice: '0.050', isDeprecated: true }),
];

type Facts = Pick<CoreType, 'cores' | 'price' | 'lowPriorityPrice'> & Partial<CoreType>;

function coreType(code: string, name: string, facts: Facts): CoreType {
  return {
    ...{
      code,
      name,
      isDeprecated: false,
      hasSsd: true,
      compute: null,
      storage: 37,
      io: '50.0',
      memory: 8000,
    },
    ...{
      displayOrder: 1,
      remoteVizAllowed: true,
      walltimeRequired: false,
      isPrimary: false,
      description: '',
    },
    ...{ processorInfo: 'Intel Xeon', storageIo: 'Standard', categoryCodes: ['general'] },
    ...facts,
  };
}

interface Analysis {
  readonly code: string;
  readonly name: string;
  readonly versions: readonly {
    readonly version: string;
    readonly versionCode: string;
    readonly allowedCoreTypes: readonly string[];
  }[];
}

export const analyses: readonly Analysis[] = [
  analysis('user_included', 'Bring Your Own Software', [['0', '0', []]]),
  analysis('openfoam', 'OpenFOAM', [
    ['10', '10-openmpi', ['emerald', 'granite']],
    ['9', '9-openmpi', ['emerald']],
  ]),
];

function analysis(
  code: string,
  name: string,
  versions: readonly (readonly [string, string, readonly string[]])[],
): Analysis {
  return {
    ...{ code, name, description: '', vendorName: '', industries: [], pricing: null, licenseSettings: [] },
    versions: versions.map(([version, versionCode, allowedCoreTypes]) => ({
      ...{ version, versionCode, allowedCoreTypes, eula: null },
    })),
  };
}
