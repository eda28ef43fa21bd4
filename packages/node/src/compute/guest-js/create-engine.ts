import { assert } from '@heddle/protocol/base'
import { Meter } from '../prepare/meter.ts'
import type { Engine, EngineExports } from './engine.ts'
import { engineImports } from './engine-imports.ts'
import { viewsOf } from './memory-views.ts'
import type { World } from './world.ts'

/** Instantiates without running anything. `module` is checked to be the engine; its memory may have `memoryBytes`. */
export function createEngine(
  module: WebAssembly.Module,
  world: World,
  memoryBytes: number,
): Engine {
  const cell: { engine?: Engine } = {}
  const imports = engineImports(() => {
    assert(cell.engine !== undefined, 'the engine has no start function')
    return cell.engine
  })
  const instance = new WebAssembly.Instance(module, imports)
  const exports = instance.exports as unknown as EngineExports
  cell.engine = {
    exports,
    world,
    views: viewsOf(exports.memory),
    meter: Meter.of(instance.exports, memoryBytes),
  }
  return cell.engine
}
