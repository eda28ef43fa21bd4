import { HeddleError } from '@heddle/protocol/base'
import type { CallableModel, GuestModule } from '../guest/ports.ts'

/**
 * The module with the models that its guests may call, in the order in which the process names them. Throws
 * `module-not-callable` where one of them is no model.
 */
export function withModels(
  module: GuestModule,
  ids: readonly string[],
  moduleOf: (id: string) => GuestModule,
): GuestModule {
  if (ids.length === 0) return module
  const models = new Map<string, CallableModel>()
  for (const id of ids) {
    const { callable } = moduleOf(id)
    if (callable === undefined) throw notCallable(id)
    models.set(id, callable)
  }
  return { ...module, instantiate: (options) => module.instantiate({ ...options, models }) }
}

/** An item that a process names as a model is none. */
function notCallable(id: string): HeddleError {
  const text = `item ${id} is no model that can be called`
  return new HeddleError('module-not-callable', 'invalid', text)
}
