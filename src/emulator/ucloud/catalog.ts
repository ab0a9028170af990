/** What jobs are made of: applications and products, shown with everything UCloud shows of them. */

import { badRequest, Refusal } from './problem.ts';

type SshMode = 'DISABLED' | 'OPTIONAL' | 'MANDATORY';
type Backend = 'DOCKER' | 'VIRTUAL_MACHINE' | 'NATIVE';

export interface UcloudParameter {
  readonly type: string;
  readonly name: string;
  readonly optional?: boolean;
  readonly defaultValue?: unknown;
  readonly min?: number;
  readonly max?: number;
  readonly options?: readonly { readonly name: string; readonly value: string }[];
}

export interface UcloudApplication {
  readonly name: string;
  readonly version: string;
  /** Nothing: the application says nothing of SSH. */
  readonly ssh: SshMode | undefined;
  readonly backend?: Backend;
  readonly parameters?: readonly UcloudParameter[];
  readonly jobAuditLog?: boolean;
  readonly allowMultiNode?: boolean;
  /** False: its image brings no file server. */
  readonly hasSftp?: boolean;
}

export interface UcloudProduct {
  readonly id: string;
  readonly category: string;
  readonly provider: string;
  readonly description: string;
  readonly cpu: number;
  readonly memoryInGigs: number;
  readonly backends: readonly Backend[];
}

export interface ProductReference {
  readonly id: string;
  readonly category: string;
  readonly provider: string;
}

export class Catalog {
  readonly applications: readonly UcloudApplication[];
  readonly products: readonly UcloudProduct[];
  readonly #createdAt = Date.now();

  constructor(applications: readonly UcloudApplication[], products: readonly UcloudProduct[]) {
    this.applications = applications;
    this.products = products;
  }

  /** Without a version the newest: the last of its name. */
  find(name: string, version?: string): UcloudApplication | undefined {
    const named = this.applications.filter((each) => each.name === name);
    return version === undefined ? named.at(-1) : named.find((each) => each.version === version);
  }

  byNameAndVersion(query: URLSearchParams): unknown {
    const [name, version] = [query.get('appName') ?? '', query.get('appVersion') || undefined];
    const found = this.find(name, version);
    if (found === undefined) throw new Refusal(404, 'not found');
    const versions = this.applications.filter((each) => each.name === name).map((each) => each.version);
    return this.show(found, version === undefined ? versions.reverse() : null);
  }

  /** By words of the title, each of which may have two letters wrong; here each must begin like one of it. */
  search(query: string): readonly unknown[] {
    const words = query
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '');
    const isMeant = ({ name }: UcloudApplication): boolean =>
      words.every((word) => name.split('-').some((part) => part.startsWith(word.slice(0, 3))));
    return words.length === 0 ? [] : this.applications.filter(isMeant).map((each) => this.show(each, null));
  }

  product({ id, category, provider }: ProductReference): UcloudProduct {
    const found = this.products.find(
      (each) => each.id === id && each.category === category && each.provider === provider,
    );
    if (found === undefined) throw badRequest('bad machine type requested');
    return found;
  }

  productsByProvider(): unknown {
    const byProvider: Record<string, unknown[]> = {};
    for (const product of this.products) {
      byProvider[product.provider] ??= [];
      byProvider[product.provider]?.push(resolvedSupport(product));
    }
    return { productsByProvider: byProvider };
  }

  show(application: UcloudApplication, versions: readonly string[] | null): unknown {
    const { name, version } = application;
    return {
      metadata: {
        ...{ name, version, authors: ['UCloud'], title: name, description: 'demo', website: '' },
        ...{ public: true, flavorName: null, group: noGroup, createdAt: this.#createdAt },
      },
      invocation: { ...invocationOf(application), tool: this.#toolOf(application) },
      favorite: false,
      versions,
    };
  }

  #toolOf({ name, version, backend = 'DOCKER' }: UcloudApplication): unknown {
    const image = `example.invalid/${name}:${version}`;
    const description = {
      ...{ info: { name, version }, defaultNumberOfNodes: 1, requiredModules: null, authors: ['UCloud'] },
      defaultTimeAllocation: { hours: 1, minutes: 0, seconds: 0 },
      ...{ title: name, description: 'demo', backend, license: '', image, container: image },
      ...{ supportedProviders: null, loadInstructions: null },
    };
    const createdAt = this.#createdAt;
    return { name, version, tool: { owner: '_ucloud', createdAt, modifiedAt: createdAt, description } };
  }
}

const noGroup = {
  metadata: { id: -1 },
  specification: {
    ...{ title: '', description: '', defaultFlavor: '', categories: null },
    ...{ colorReplacement: { light: null, dark: null }, logoHasText: false },
  },
  status: { applications: null },
};

const sleeping = {
  ...{ type: 'jinja', variable: '', word: '', variableNames: null, prefixGlobal: '', suffixGlobal: '' },
  ...{ prefixVariable: '', suffixVariable: '', isPrefixVariablePartOfArg: false },
  ...{ isSuffixVariablePartOfArg: false, variableName: '', flag: '', template: 'sleep inf\n' },
};

function invocationOf({
  ssh,
  parameters = [],
  jobAuditLog,
  allowMultiNode = true,
}: UcloudApplication): Readonly<Record<string, unknown>> {
  return {
    ...{ invocation: [sleeping], ucx: null, parameters: parameters.map(showParameter) },
    ...{ outputFileGlobs: ['*'], applicationType: 'BATCH', vnc: null, web: null },
    ssh: ssh === undefined ? null : { mode: ssh },
    inference: null,
    container: { changeWorkingDirectory: true, runAsRoot: true, runAsRealUser: false },
    ...{ environment: {}, allowAdditionalMounts: true, allowAdditionalPeers: null, allowMultiNode },
    ...{ allowPublicIp: null, allowPublicLink: null, jobAuditLogIsEnabled: jobAuditLog ?? null },
    ...{ fileExtensions: null, licenseServers: null, modules: null, sbatch: {} },
  };
}

function showParameter(parameter: UcloudParameter): unknown {
  const {
    type,
    name,
    optional = false,
    defaultValue = null,
    min = null,
    max = null,
    options = null,
  } = parameter;
  return {
    ...{ type, name, optional, defaultValue, title: name, description: '', min, max, step: null },
    ...{ unitName: '', trueValue: '', falseValue: '', options, tagged: null, supportedModules: null },
  };
}

export function resolvedProduct({ id, category, provider, description, cpu, memoryInGigs }: UcloudProduct) {
  return {
    type: 'compute',
    category: {
      ...{ name: category, provider, productType: 'COMPUTE' },
      accountingUnit: {
        name: 'Core',
        namePlural: 'Core',
        floatingPoint: false,
        displayFrequencySuffix: true,
      },
      ...{ accountingFrequency: 'PERIODIC_MINUTE', allowSubAllocations: true },
    },
    ...{
      name: id,
      description,
      productType: 'COMPUTE',
      price: 1,
      fraction: { numerator: 1, denominator: 1 },
    },
    ...{ hiddenInGrantApplications: false, usage: null, cpu, memoryInGigs },
    ...{ balance: 0, maxUsableBalance: 0, pricePerUnit: 0 },
  };
}

const everything = {
  ...{ web: true, vnc: true, logs: true, terminal: true },
  ...{ peers: true, timeExtension: true, bindLinkToPort: true },
};

/** As in `retrieveProducts`, and beside a job. */
export function resolvedSupport(product: UcloudProduct) {
  const { id, category, provider, backends } = product;
  const enabled = (backend: Backend) => (backends.includes(backend) ? { enabled: true } : {});
  const support = {
    product: { id, category, provider },
    docker: { ...enabled('DOCKER'), ...everything },
    virtualMachine: { ...enabled('VIRTUAL_MACHINE'), ...everything, suspension: true },
    native: { ...enabled('NATIVE'), ...everything },
    queueStatus: null,
  };
  const features = [
    ...featuresOf('docker', support.docker),
    ...featuresOf('vm', support.virtualMachine),
    ...featuresOf('native', support.native),
  ];
  return { product: resolvedProduct(product), support, features: features.sort() };
}

function featuresOf(kind: string, support: Readonly<Record<string, boolean>>): string[] {
  const named = (name: string) => (name === 'timeExtension' ? 'extension' : name);
  return Object.keys(support).map((name) => `jobs.${kind}.${named(name)}`);
}
