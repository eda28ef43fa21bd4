import { getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'

/**
 * The environment of a thread of ours: nothing of the process's own, which threads have no use for, but
 * where compiled code is kept. A thread that finds its code there starts in a tenth of the time and takes
 * 30 MB less: it need not bring the compiler of TypeScript's types along.
 */
export function threadEnvironment(): Readonly<Record<string, string>> {
  const folder = getCompileCacheDir()
  // Told with the folder of this version of Node, which Node adds itself.
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) }
}
