import { systemClock } from './clock.ts'
import { systemDisk } from './disk.ts'
import type { Runtime } from './ports.ts'
import { systemRandom } from './random.ts'
import { systemTimer } from './timer.ts'

/** The real machine. */
export function createRuntime(): Runtime {
  return { clock: systemClock, random: systemRandom, timer: systemTimer, disk: systemDisk }
}
