import { totalmem } from 'node:os'
import { constrainedMemory } from 'node:process'

/** Memory this program may use, bytes: the machine's, or less where its container has less. */
export function machineMemoryBytes(): number {
  const constrained = constrainedMemory()
  // 0, or a number beyond any machine, where nothing constrains it.
  return constrained > 0 ? Math.min(totalmem(), constrained) : totalmem()
}
