/** One worker of `npm run test:faults`: takes cases from its parent one at a time, and answers with what became of each. */

import { faultCase } from './cases.ts';
import { openGround } from './ground.ts';
import { runCase } from './run-case.ts';

export interface CaseOrder {
  readonly seed: number;
  readonly index: number;
  readonly withHuge: boolean;
}

const [root = '', managerProgram = ''] = process.argv.slice(2);
const ground = await openGround({ root, managerProgram });
process.on('message', (order: CaseOrder) => {
  const fault = faultCase(order.seed, order.index, order.withHuge);
  runCase(fault, ground).then(
    (result) => process.send?.({ result }),
    (error: unknown) =>
      process.send?.({ index: order.index, broken: String((error as Error).stack ?? error) }),
  );
});
process.once('disconnect', () => {
  void Promise.resolve(ground[Symbol.asyncDispose]()).finally(() => process.exit());
});
process.send?.({ ready: true });
