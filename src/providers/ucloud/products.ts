/** Products: the machines that jobs run on. */

import { NotFoundError, UsageError } from '../../errors.ts';
import type { Call, UcloudClient } from './client.ts';
import type { ProductReference } from './job.ts';
import { type ApplicationRow, productsSchema } from './schema.ts';

interface Product extends ProductReference {
  readonly cpu: number | undefined;
  readonly memoryGb: number | undefined;
  readonly gpu: number | undefined;
}

/** Every product that can run the application. */
export async function productsFor(
  client: UcloudClient,
  application: ApplicationRow,
  signal: AbortSignal,
): Promise<readonly Product[]> {
  const call: Call = { what: 'list the products', method: 'GET', path: 'api/jobs/retrieveProducts', signal };
  const { productsByProvider } = await client.json(call, productsSchema);
  const backend = application.invocation.tool.tool?.description.backend ?? '';
  return Object.values(productsByProvider)
    .flatMap((products) => products ?? [])
    .filter(({ support }) => supportOf(support, backend)?.enabled === true)
    .map(({ product: { name, category, cpu, memoryInGigs, gpu } }) => ({
      ...{ id: name, category: category.name, provider: category.provider },
      ...{ cpu: cpu ?? undefined, memoryGb: memoryInGigs ?? undefined, gpu: gpu ?? undefined },
    }));
}

type Support = NonNullable<
  ReturnType<typeof productsSchema.parse>['productsByProvider'][string]
>[number]['support'];

function supportOf({ docker, virtualMachine, native }: Support, backend: string): Support['docker'] {
  if (backend === 'DOCKER') return docker;
  if (backend === 'VIRTUAL_MACHINE') return virtualMachine;
  return backend === 'NATIVE' ? native : undefined;
}

/** `CATEGORY/ID`, and `@PROVIDER` where several have it. */
export function productName({ category, id, provider }: ProductReference): string {
  return `${category}/${id}@${provider}`;
}

/** Throws a UsageError for what is not written like a product, a NotFoundError for one that is not there. */
export function chooseProduct(wanted: string | undefined, products: readonly Product[]): ProductReference {
  if (wanted === undefined) throw noProduct('a job needs a product to run on', products);
  const [, category, id, provider] = /^([^/@\s]+)\/([^/@\s]+)(?:@([^/@\s]+))?$/.exec(wanted) ?? [];
  if (category === undefined) {
    throw new UsageError(`"${wanted}" names no product`, {
      hint: `write CATEGORY/ID or CATEGORY/ID@PROVIDER: ${listed(products)}`,
    });
  }
  const found = products.filter(
    (each) =>
      each.category === category && each.id === id && (provider === undefined || each.provider === provider),
  );
  const [first, second] = found;
  if (first === undefined) throw noProduct(`no product ${wanted} runs this application`, products);
  if (second !== undefined) throw noProduct(`several providers have a product ${wanted}`, found);
  return { id: first.id, category: first.category, provider: first.provider };
}

function noProduct(message: string, products: readonly Product[]): NotFoundError {
  return new NotFoundError(message, {
    code: 'product-not-found',
    hint:
      products.length === 0 ? 'no product of UCloud runs this application' : `--product ${listed(products)}`,
    details: { products: products.map(productName) },
  });
}

const mostListed = 20;

/** With what they are, as far as a message holds them. */
function listed(products: readonly Product[]): string {
  const names = products.map((each) => {
    const facts = [
      each.cpu && `${each.cpu} CPU`,
      each.memoryGb && `${each.memoryGb} GB`,
      each.gpu && `${each.gpu} GPU`,
    ].filter(Boolean);
    return facts.length === 0 ? productName(each) : `${productName(each)} (${facts.join(', ')})`;
  });
  const more = names.length > mostListed ? ` and ${names.length - mostListed} more` : '';
  return names.slice(0, mostListed).join(', ') + more;
}
