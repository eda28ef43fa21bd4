import { Checkpoints } from './checkpoint/index.ts'
import { ComputeUnit } from './compute-unit.ts'
import type { Compute } from './face.ts'
import { computeRoutes } from './http/routes.ts'
import { type ComputeOptions, computeOptions } from './options.ts'
import type { ComputeDependencies } from './ports.ts'

/**
 * Starts the compute unit: it evaluates every slot of every process of the log, beginning with what
 * was left when it stopped. Claims the results journal, so a second unit on it is fenced.
 */
export async function createCompute(
  dependencies: ComputeDependencies,
  options: Partial<ComputeOptions> = {},
): Promise<Compute> {
  const { checkpointFolder, runtime, engine, results, address } = dependencies
  const settings = computeOptions(options)
  const checkpoints = await Checkpoints.open(checkpointFolder, runtime.disk, engine)
  const epoch = await results.claim()
  const unit = new ComputeUnit({ ...dependencies, checkpoints, epoch }, settings)
  unit.start()
  const { clock, timer } = runtime
  const { log } = dependencies
  const routes = computeRoutes({ unit, log, address, clock, timer, options: settings })
  return {
    result: (processId, slot, signal) => unit.result(processId, slot, signal),
    dryRun: (processId, message, signal, caller) => unit.dryRun(processId, message, signal, caller),
    evaluations: (processId, fromSlot, limit, bytesMax) =>
      unit.evaluations(processId, fromSlot, limit, bytesMax),
    evaluatedHead: (processId) => unit.evaluatedHead(processId),
    onEvaluated: (listener) => unit.onEvaluated(listener),
    status: (processId) => unit.status(processId),
    publishCheckpoint: (processId) => unit.prover.publish(processId),
    routes: () => routes,
    close: () => unit.close(),
  }
}
